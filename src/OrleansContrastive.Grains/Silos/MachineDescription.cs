using OrleansContrastive.Checkpoints.Manifests;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Grains.Silos;

/// <summary>What the bits of this machine's sums depend on; written into every manifest.</summary>
/// <param name="Threads">Threads of one lane.</param>
public sealed record MachineDescription(int Threads)
{
    /// <summary>The facts for a run.</summary>
    public MachineFacts Facts(RunSpec spec)
    {
        var facts = DeviceFacts.Of(torch.CPU);
        return new()
        {
            Threads = Threads,
            InstructionSet = string.Join('+', facts.InstructionSets),
            Torch = facts.TorchVersion,
            Precision = spec.Model.Precision,
        };
    }
}
