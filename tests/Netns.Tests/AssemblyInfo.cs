using Xunit;

// Every class makes namespaces and measures times; two at once would disturb each other on a small machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
