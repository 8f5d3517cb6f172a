using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Moves and converts what is floating; integers keep their type. Null leaves type or device alone.</summary>
            internal virtual void Convert(ScalarType? dtype, Device? device)
            {
                foreach (var (_, module) in named_children()) module.Convert(dtype, device);
                foreach (var (name, parameter) in named_parameters(false).ToArray())
                {
                    if (ReplaceParameter(dtype, device, parameter) is not { } moved) continue;
                    _parametersByName.Set(name, moved);
                    SetField(name, parameter, moved);
                    parameter.Dispose();
                }

                foreach (var (name, buffer) in named_buffers(false).ToArray())
                {
                    if (ReplaceBuffer(dtype, device, buffer) is not { } moved) continue;
                    _buffersByName.Set(name, (moved, true));
                    SetField(name, buffer, moved);
                    buffer.Dispose();
                }
            }

            internal static void CheckFloating(ScalarType dtype)
            {
                if (!dtype.IsFloatingPoint() && !dtype.IsComplex())
                {
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={dtype}");
                }
            }

            private static Parameter? ReplaceParameter(ScalarType? dtype, Device? device, Parameter parameter)
            {
                var type = dtype is { } wanted && parameter.dtype.IsFloatingPoint() ? wanted : parameter.dtype;
                var target = device ?? parameter.device;
                if (!parameter.WillCopy(type, target)) return null;
                using var gradient = parameter.grad;
                using var ungraded = no_grad();
                var moved = new Parameter(parameter.to(type, target), parameter.requires_grad);
                moved.DetachFromDisposeScope();
                if (gradient is not null)
                {
                    using var movedGradient = gradient.to(type, target);
                    moved.grad = movedGradient;
                }

                return moved;
            }

            private static Tensor? ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer)
            {
                var type = dtype is { } wanted && buffer.dtype.IsFloatingPoint() ? wanted : buffer.dtype;
                var target = device ?? buffer.device;
                return buffer.WillCopy(type, target) ? buffer.to(type, target).DetachFromDisposeScope() : null;
            }

            private void SetField(string component, Tensor before, Tensor after)
            {
                foreach (var field in Fields(GetType()))
                {
                    if (NameOf(field) == component && ReferenceEquals(field.GetValue(this), before))
                    {
                        field.SetValue(this, after);
                        return;
                    }
                }
            }
        }
    }
}

/// <summary>Moves and conversions of modules, which answer the module itself.</summary>
public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
    {
        torch.nn.Module.CheckFloating(type);
        module.Convert(type, null);
        return module;
    }

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
    {
        torch.nn.Module.CheckFloating(type);
        module.Convert(type, torch.InitializeDevice(device));
        return module;
    }

    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module
    {
        module.Convert(null, torch.InitializeDevice(device));
        return module;
    }

    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        module.to(new torch.Device(deviceType, deviceIndex));

    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module => module.to(new torch.Device(device));

    public static T to<T>(this T module, torch.Tensor other, bool non_blocking = false) where T : torch.nn.Module => module.to(other.device, other.dtype);

    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.CPU);

    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        module.to(DeviceType.CUDA, deviceIndex);

    public static T half<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float16);

    public static T bfloat16<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.BFloat16);

    public static T @float<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float32);

    public static T @double<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float64);
}
