using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Devices;

/// <summary>Chooses a precision from what the hardware has.</summary>
public static class PrecisionSelector
{
    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> KnownNames { get; } = ["auto", "float32", "bfloat16", "float64"];

    /// <summary>
    /// The fastest precision that trains well on a device: bfloat16 on a processor with AVX512-BF16 or AMX-BF16 and on a
    /// GPU; fp32 elsewhere, where bfloat16 is emulated and several times slower.
    /// </summary>
    public static Precision Auto(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.type switch
        {
            TorchSharp.DeviceType.CUDA => Precision.BFloat16,
            TorchSharp.DeviceType.CPU when ProcessorHasBFloat16() => Precision.BFloat16,
            _ => Precision.Float32,
        };
    }

    /// <summary>Reads a precision by name; <c>auto</c> asks <see cref="Auto"/>.</summary>
    /// <exception cref="ArgumentException">The name is not one of <see cref="KnownNames"/>.</exception>
    public static Precision Parse(string name, Device device) => name switch
    {
        "auto" => Auto(device),
        "float32" => Precision.Float32,
        "bfloat16" => Precision.BFloat16,
        "float64" => Precision.Float64,
        _ => throw new ArgumentException(
            $"Unknown precision '{name}'; expected one of: {string.Join(", ", KnownNames)}.", nameof(name)),
    };

    /// <summary>The element type of the weights, gradients and moments of a model of this precision.</summary>
    public static ScalarType MasterType(Precision precision) =>
        precision == Precision.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>The element type that convolutions and linear layers compute with.</summary>
    public static ScalarType ComputeType(Precision precision) => precision switch
    {
        Precision.Float64 => ScalarType.Float64,
        Precision.BFloat16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };

    /// <summary>Whether the processor multiplies bfloat16 in hardware (CPUID leaf 7: AVX512-BF16 or AMX-BF16).</summary>
    public static bool ProcessorHasBFloat16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return false;

        // The operating system must have enabled the wide registers too, which .NET has checked for AVX-512.
        var (subleaves, _, _, edx) = X86Base.CpuId(7, 0);
        var amx = (edx & (1 << 22)) != 0;
        var avx512 = subleaves >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return Avx512F.IsSupported && (amx || avx512);
    }
}
