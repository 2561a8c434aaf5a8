module leakdiag.example/leakdiag

go 1.21
