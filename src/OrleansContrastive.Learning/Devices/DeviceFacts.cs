using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace OrleansContrastive.Learning.Devices;

/// <summary>
/// What decides the last bits of a result and the speed of a run on one machine: exact resume is promised only between
/// machines whose facts are equal.
/// </summary>
/// <param name="Device">The device, such as <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Processor">The processor's architecture and model.</param>
/// <param name="InstructionSets">The instruction sets that matter for speed and rounding, ordered.</param>
/// <param name="LogicalProcessors">The processors that this process may use.</param>
/// <param name="Threads">The threads that libtorch computes with on the calling thread.</param>
/// <param name="TorchVersion">The version of libtorch.</param>
/// <param name="AutomaticPrecision">What <see cref="PrecisionSelector.Auto"/> gives for the device.</param>
public sealed record DeviceFacts(
    string Device,
    string Processor,
    IReadOnlyList<string> InstructionSets,
    int LogicalProcessors,
    int Threads,
    string TorchVersion,
    Precision AutomaticPrecision)
{
    /// <summary>Looks at this machine; the thread count is that of the calling thread.</summary>
    public static DeviceFacts Of(torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new DeviceFacts(
            device.ToString(),
            ProcessorName(),
            [.. Sets()],
            Environment.ProcessorCount,
            torch.get_num_threads(),
            torch.__version__,
            PrecisionSelector.Auto(device));
    }

    private static IEnumerable<string> Sets()
    {
        if (Avx2.IsSupported) yield return "avx2";
        if (Fma.IsSupported) yield return "fma";
        if (Avx512F.IsSupported) yield return "avx512f";
        if (AdvSimd.IsSupported) yield return "neon";
        if (PrecisionSelector.ProcessorHasBFloat16()) yield return "bf16";
    }

    private static string ProcessorName()
    {
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        if (!X86Base.IsSupported) return architecture;

        // The brand string: 48 characters in the registers of three extended leaves.
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004u) return architecture;
        Span<int> words = stackalloc int[12];
        for (var leaf = 0; leaf < 3; leaf++)
        {
            var (a, b, c, d) = X86Base.CpuId(unchecked((int)0x80000002) + leaf, 0);
            (words[4 * leaf], words[4 * leaf + 1], words[4 * leaf + 2], words[4 * leaf + 3]) = (a, b, c, d);
        }

        var brand = System.Text.Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Trim('\0', ' ');
        return brand.Length == 0 ? architecture : $"{architecture} {brand}";
    }
}
