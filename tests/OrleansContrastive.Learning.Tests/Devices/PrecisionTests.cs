using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Devices;

public sealed class PrecisionTests
{
    [Fact]
    public void Auto_takes_bfloat16_only_where_the_hardware_has_it()
    {
        var expected = PrecisionSelector.ProcessorHasBFloat16() ? Precision.BFloat16 : Precision.Float32;
        Assert.Equal(expected, PrecisionSelector.Auto(torch.CPU));
        Assert.Equal(Precision.BFloat16, PrecisionSelector.Auto(new torch.Device(DeviceType.CUDA, 0)));
        if (File.Exists("/proc/cpuinfo"))
        {
            var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) ?? "";
            Assert.Equal(flags.Contains("avx512_bf16") || flags.Contains("amx_bf16"), PrecisionSelector.ProcessorHasBFloat16());
        }
    }

    [Fact]
    public void Names_are_read_and_an_unknown_one_is_answered_with_the_known()
    {
        Assert.Equal(Precision.Float64, PrecisionSelector.Parse("float64", torch.CPU));
        Assert.Equal(PrecisionSelector.Auto(torch.CPU), PrecisionSelector.Parse("auto", torch.CPU));
        Assert.Contains("bfloat16", Assert.Throws<ArgumentException>(() => PrecisionSelector.Parse("half", torch.CPU)).Message);
    }

    [Fact]
    public void The_facts_of_this_machine_are_filled()
    {
        var facts = DeviceFacts.Of(torch.CPU);
        Assert.Equal("cpu", facts.Device);
        Assert.NotEmpty(facts.Processor);
        Assert.NotEmpty(facts.TorchVersion);
        Assert.Equal(Environment.ProcessorCount, facts.LogicalProcessors);
        Assert.InRange(facts.Threads, 1, 1024);
        Assert.Equal(facts.InstructionSets.Contains("bf16"), facts.AutomaticPrecision == Precision.BFloat16);
    }
}
