module leakdiag.test/world

go 1.24
