using System.Runtime.CompilerServices;

namespace OrleansContrastive.Cluster.Tests.Harness;

/// <summary>What all processes that tests start have in common.</summary>
internal static class TestProcesses
{
    /// <summary>Silos here live for seconds, and profiles of their methods would take a quarter of their processor time.</summary>
    [ModuleInitializer]
    internal static void Prepare() => Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
}
