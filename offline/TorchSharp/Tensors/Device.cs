using System.Globalization;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>Kinds of devices; the numbers are libtorch's.</summary>
public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
    HIP = 6,
    MPS = 13,
    META = 14,
}

public static partial class torch
{
    /// <summary>Where tensors live: a kind and, where there may be several, an index (-1: the current one).</summary>
    public class Device
    {
        public Device(DeviceType deviceType, int index = -1) => (type, this.index) = (deviceType, index);

        public Device(string deviceType, int index = -1) : this(Parse(deviceType), index)
        {
        }

        public Device(int index) : this(DeviceType.CUDA, index)
        {
        }

        /// <summary>Reads "cpu", "cuda" or "cuda:1". Throws ArgumentException for anything else.</summary>
        public Device(string description)
        {
            var colon = description.IndexOf(':');
            type = Parse(colon < 0 ? description : description[..colon]);
            if (colon >= 0) index = int.Parse(description.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        }

        public DeviceType type { get; }

        public int index { get; } = -1;

        /// <summary>The pair as torch_c.cpp reads it.</summary>
        internal long Packed => ((long)type << 32) | (uint)index;

        internal static Device Unpack(long packed) => packed == 0xFFFFFFFF ? CPU : new Device((DeviceType)(packed >> 32), (int)packed);

        public static implicit operator Device(string description) => new(description);

        public override string ToString() => type == DeviceType.CPU ? "cpu"
            : index == -1 ? type.ToString().ToLowerInvariant()
            : $"{type.ToString().ToLowerInvariant()}:{index}";

        private static DeviceType Parse(string name) =>
            Enum.TryParse<DeviceType>(name, ignoreCase: true, out var found) && !char.IsAsciiDigit(name[0])
                ? found
                : throw new ArgumentException($"Device '{name}': expected one of {string.Join(", ", Enum.GetNames<DeviceType>()).ToLowerInvariant()}.", nameof(name));
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device META = new(DeviceType.META);

    /// <summary>The current CUDA device. Throws InvalidOperationException where there is none.</summary>
    public static Device CUDA => InitializeDevice(new Device(DeviceType.CUDA));

    private static Device? _defaultDevice;

    public static Device device(string description) => InitializeDevice(new Device(description));

    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(int index) => new(DeviceType.CUDA, index);

    public static Device get_default_device() => _defaultDevice ?? CPU;

    public static void set_default_device(Device device) => _defaultDevice = device;

    /// <summary>True where work on such a device can run.</summary>
    public static bool TryInitializeDeviceType(DeviceType deviceType) => deviceType switch
    {
        DeviceType.CPU or DeviceType.META => true,
        DeviceType.CUDA => cuda.is_available(),
        _ => false,
    };

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType))
        {
            throw new InvalidOperationException($"Torch device type {deviceType} is not available on this machine.");
        }
    }

    public static Device InitializeDevice(Device? device)
    {
        device ??= get_default_device();
        if (device.type != DeviceType.CPU) InitializeDeviceType(device.type);
        return device;
    }

    /// <summary>NVIDIA devices. On a libtorch without CUDA there are none.</summary>
    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static unsafe int device_count()
        {
            int count;
            NativeMethods.Check(NativeMethods.tc_cuda_devices(&count));
            return count;
        }

        public static void manual_seed(long seed) => random.manual_seed(seed);

        public static void manual_seed_all(long seed) => random.manual_seed(seed);

        /// <summary>Waits until all work on the device is done.</summary>
        public static void synchronize(Device? device = null) =>
            NativeMethods.Check(NativeMethods.tc_synchronize((device ?? new Device(DeviceType.CUDA)).Packed));
    }
}
