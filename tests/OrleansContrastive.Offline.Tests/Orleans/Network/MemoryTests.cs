namespace OrleansContrastive.Offline.Tests.Network;

/// <summary>Tests that watch memory of the whole process run while no others do, whose garbage would be counted too.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests;
