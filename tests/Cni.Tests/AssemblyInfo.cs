// Delegates are scripts that a test writes and runs. One that another test's child still has open for writing, between
// fork(2) and execve(2), cannot be run (ETXTBSY).
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
