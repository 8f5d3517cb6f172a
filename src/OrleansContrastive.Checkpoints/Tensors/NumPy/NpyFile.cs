using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace OrleansContrastive.Checkpoints.Tensors.NumPy;

/// <summary>
/// NumPy's array files, version 1.0: a magic, the length of a header, the header as a Python literal padded to 64 bytes, and the
/// numbers, row-major and little-endian.
/// </summary>
public static class NpyFile
{
    private const int Alignment = 64;
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    /// <summary>Writes an array; the tensor's name is not kept.</summary>
    /// <exception cref="ArgumentException">Data does not fit the shape, or NumPy has no such type (bfloat16).</exception>
    public static async Task WriteAsync(Stream destination, NamedTensor array, CancellationToken cancellationToken = default)
    {
        array.Check();
        var sizes = array.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)).ToArray();
        // A tuple of one has a comma behind it.
        var shape = sizes.Length == 1 ? $"({sizes[0]},)" : $"({string.Join(", ", sizes)})";
        var header = $"{{'descr': '{Description(array.Type)}', 'fortran_order': False, 'shape': {shape}, }}";
        var length = Magic.Length + sizeof(ushort) + header.Length + 1;
        var padded = (length + Alignment - 1) / Alignment * Alignment;

        var start = new byte[padded];
        Magic.CopyTo(start);
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(Magic.Length), checked((ushort)(padded - Magic.Length - sizeof(ushort))));
        var text = start.AsSpan(Magic.Length + sizeof(ushort));
        text.Fill((byte)' ');
        Encoding.ASCII.GetBytes(header, text);
        start[^1] = (byte)'\n';
        await destination.WriteAsync(start, cancellationToken).ConfigureAwait(false);
        await destination.WriteAsync(array.Data, cancellationToken).ConfigureAwait(false);
    }

    private static string Description(TensorType type) => type switch
    {
        TensorType.Bool => "|b1",
        TensorType.UInt8 => "|u1",
        TensorType.Int8 => "|i1",
        TensorType.UInt16 => "<u2",
        TensorType.Int16 => "<i2",
        TensorType.UInt32 => "<u4",
        TensorType.Int32 => "<i4",
        TensorType.UInt64 => "<u8",
        TensorType.Int64 => "<i8",
        TensorType.Float16 => "<f2",
        TensorType.Float32 => "<f4",
        TensorType.Float64 => "<f8",
        _ => throw new ArgumentException($"NumPy has no type {type.Name()}."),
    };
}
