using OrleansContrastive.Tests.Shared;

[assembly: AssemblyFixture(typeof(Azurite))]
