// Most tests wait for programs most of the time: two at once pay even on a small machine, and more disturb each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.Collections, MaxThreads = 2)]
