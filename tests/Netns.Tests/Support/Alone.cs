using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// The collection of tests that load the machine, compare times or change the host itself: no other runs beside them.
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
