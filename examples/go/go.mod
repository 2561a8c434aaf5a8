module leakdiag.example/examples

go 1.21

require leakdiag.example/leakdiag v0.1.0

replace leakdiag.example/leakdiag => ../../bindings/go
