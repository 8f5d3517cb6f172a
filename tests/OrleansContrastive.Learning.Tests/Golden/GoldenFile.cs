using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansContrastive.Learning.Tests.Golden;

/// <summary>
/// Values of an independent implementation: an eight-byte header length, a JSON header (name to dtype, shape and byte
/// range), then little-endian numbers; the layout of safetensors. <c>golden_file.py</c> beside it writes such files.
/// </summary>
public sealed class GoldenFile
{
    private readonly string _path;
    private readonly JsonElement _header;
    private readonly byte[] _content;
    private readonly int _dataStart;

    /// <summary>Opens a file by its path below the test project, such as <c>Encoders/golden/layers.golden</c>.</summary>
    public GoldenFile(string relativePath)
    {
        _path = relativePath;
        _content = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, relativePath));
        var length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(_content));
        _header = JsonDocument.Parse(_content.AsMemory(8, length)).RootElement;
        _dataStart = 8 + length;
    }

    public IEnumerable<string> Names => _header.EnumerateObject().Select(p => p.Name).Where(n => n != "__metadata__");

    public bool Has(string name) => _header.TryGetProperty(name, out _);

    public long[] Shape(string name) =>
        Entry(name).GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToArray();

    public float[] Single(string name) => Read<float>(name, "F32");

    public double[] Double(string name) => Read<double>(name, "F64");

    public long[] Int64(string name) => Read<long>(name, "I64");

    public byte[] Byte(string name) => Read<byte>(name, "U8");

    private JsonElement Entry(string name) =>
        _header.TryGetProperty(name, out var entry)
            ? entry
            : throw new KeyNotFoundException($"{_path} holds no '{name}'; it holds: {string.Join(", ", Names)}.");

    private T[] Read<T>(string name, string dtype) where T : unmanaged
    {
        var entry = Entry(name);
        var found = entry.GetProperty("dtype").GetString();
        if (found != dtype) throw new InvalidDataException($"{_path}: '{name}' is {found}, expected {dtype}.");
        var range = entry.GetProperty("data_offsets");
        int start = range[0].GetInt32(), end = range[1].GetInt32();
        return MemoryMarshal.Cast<byte, T>(_content.AsSpan(_dataStart + start, end - start)).ToArray();
    }
}
