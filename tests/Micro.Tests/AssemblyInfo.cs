using Xunit;

// What is allocated is counted for the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
