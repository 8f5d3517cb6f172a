using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Devices;
using TorchSharp;

namespace OrleansContrastive.Hosting.Workers;

/// <summary>Makes a silo's device lanes from its options.</summary>
internal static class LaneFactory
{
    public static int LaneCount(WorkerOptions options) =>
        IsCpu(options) ? options.Lanes > 0 ? options.Lanes : Environment.ProcessorCount : options.Device.Split(',').Length;

    public static int ThreadsPerLane(WorkerOptions options) =>
        options.ThreadsPerLane > 0 ? options.ThreadsPerLane : Math.Max(1, Environment.ProcessorCount / LaneCount(options));

    public static string[] Names(WorkerOptions options) => IsCpu(options)
        ? [.. Enumerable.Range(0, LaneCount(options)).Select(lane => $"cpu:{lane}")]
        : options.Device.Split(',', StringSplitOptions.TrimEntries);

    public static DeviceLanes Create(WorkerOptions options)
    {
        var threads = ThreadsPerLane(options);
        return new(
            [.. Names(options).Select(name => new DeviceExecutor($"lane {name}", IsCpu(options) ? torch.CPU : torch.device(name), threads))],
            new DeviceExecutor("shards", torch.CPU, threads));
    }

    /// <summary>Whether the option names devices; not whether they are there.</summary>
    public static bool IsDevice(string device) =>
        IsCpu(device) || device.Split(',', StringSplitOptions.TrimEntries).All(name => name == "cuda" || (name.StartsWith("cuda:", StringComparison.Ordinal) && uint.TryParse(name[5..], out _)));

    /// <summary>The processor, and no accelerator.</summary>
    public static bool IsCpu(WorkerOptions options) => IsCpu(options.Device);

    private static bool IsCpu(string device) => device.Trim().Equals("cpu", StringComparison.OrdinalIgnoreCase);
}
