using TorchSharp.Native;

namespace TorchSharp;

/// <summary>A number of an element type, given to operators beside tensors. It holds no native memory here.</summary>
public sealed class Scalar : IDisposable
{
    private readonly double _real;
    private readonly long _integer;

    private Scalar(torch.ScalarType type, double real, long integer) => (Type, _real, _integer) = (type, real, integer);

    /// <summary>Float64, Int64 or Bool, as libtorch keeps its scalars.</summary>
    public torch.ScalarType Type { get; }

    internal bool IsFloating => Type == torch.ScalarType.Float64;
    internal double Real => IsFloating ? _real : _integer;
    internal long Integer => IsFloating ? (long)_real : _integer;

    public static implicit operator Scalar(byte value) => FromInteger(value);
    public static implicit operator Scalar(sbyte value) => FromInteger(value);
    public static implicit operator Scalar(short value) => FromInteger(value);
    public static implicit operator Scalar(int value) => FromInteger(value);
    public static implicit operator Scalar(long value) => FromInteger(value);
    public static implicit operator Scalar(Half value) => FromReal((double)value);
    public static implicit operator Scalar(BFloat16 value) => FromReal(value.ToSingle());
    public static implicit operator Scalar(float value) => FromReal(value);
    public static implicit operator Scalar(double value) => FromReal(value);
    public static implicit operator Scalar(bool value) => new(torch.ScalarType.Bool, 0, value ? 1 : 0);

    public void Dispose()
    {
    }

    public override string ToString() => IsFloating ? _real.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : Type == torch.ScalarType.Bool ? (_integer != 0).ToString()
        : _integer.ToString(System.Globalization.CultureInfo.InvariantCulture);

    internal Arg ToArg() => IsFloating ? _real : Type == torch.ScalarType.Bool ? _integer != 0 : _integer;

    private static Scalar FromInteger(long value) => new(torch.ScalarType.Int64, 0, value);
    private static Scalar FromReal(double value) => new(torch.ScalarType.Float64, value, 0);
}

/// <summary>Conversions between scalars and .NET numbers.</summary>
public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static Scalar ToScalar(this Half value) => value;
    public static Scalar ToScalar(this BFloat16 value) => value;
    public static float ToSingle(this Scalar value) => (float)value.Real;
    public static double ToDouble(this Scalar value) => value.Real;
    public static sbyte ToSByte(this Scalar value) => (sbyte)value.Integer;
    public static byte ToByte(this Scalar value) => (byte)value.Integer;
    public static short ToInt16(this Scalar value) => (short)value.Integer;
    public static int ToInt32(this Scalar value) => (int)value.Integer;
    public static long ToInt64(this Scalar value) => value.Integer;
    public static bool ToBoolean(this Scalar value) => value.Real != 0;
}
