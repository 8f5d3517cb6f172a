using System.IO.Compression;

namespace OrleansContrastive.Checkpoints.Tensors.PyTorch;

/// <summary>
/// State dicts as PyTorch saves them since 1.6: a zip archive with a pickle and one file per storage. Writing gives what
/// <c>torch.load</c> reads, also with <c>weights_only=True</c>; reading takes plain tensors and executes nothing.
/// </summary>
public static class StateDictFile
{
    private const string Folder = "archive";
    private const int LargestPickle = 256 << 20;

    // Archives know no earlier time; the same tensors give the same bytes.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes tensors, in their order, as an ordered dict.</summary>
    /// <exception cref="ArgumentException">A name stands twice, data does not fit its shape, or PyTorch has no such type.</exception>
    public static async Task WriteAsync(Stream destination, IReadOnlyList<NamedTensor> tensors, CancellationToken cancellationToken = default)
    {
        foreach (var tensor in tensors) tensor.Check();
        if (tensors.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Tensor '{twice.Key}' is given twice.", nameof(tensors));

        await using var archive = await ZipArchive.CreateAsync(destination, ZipArchiveMode.Create, leaveOpen: true, null, cancellationToken).ConfigureAwait(false);
        await AddAsync(archive, "data.pkl", PickleWriter.StateDict(tensors), cancellationToken).ConfigureAwait(false);
        await AddAsync(archive, "byteorder", "little"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < tensors.Count; i++) await AddAsync(archive, $"data/{i}", tensors[i].Data, cancellationToken).ConfigureAwait(false);
        await AddAsync(archive, "version", "3\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the tensors of a state dict in their order, row-major whatever their strides. A checkpoint that keeps its state dict
    /// beside other things under <c>state_dict</c> or <c>model</c> is read from there; what is no tensor is passed over.
    /// </summary>
    /// <param name="stream">The file; must be seekable.</param>
    /// <param name="source">What to call the file in errors.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CheckpointException">It is no such file, is broken, or asks for more than tensors and plain containers.</exception>
    public static async Task<IReadOnlyList<NamedTensor>> ReadAsync(Stream stream, string source, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var archive = await ZipArchive.CreateAsync(stream, ZipArchiveMode.Read, leaveOpen: true, null, cancellationToken).ConfigureAwait(false);
            var pickle = archive.Entries.FirstOrDefault(entry => entry.FullName.Split('/') is [_, "data.pkl"])
                ?? throw new CheckpointException($"{source} is a zip archive without a data.pkl; expected a state dict that torch.save wrote.");
            var root = pickle.FullName[..^"data.pkl".Length];
            if (archive.GetEntry($"{root}byteorder") is { } order
                && !(await ReadAsync(order, 16, source, cancellationToken).ConfigureAwait(false)).AsSpan().SequenceEqual("little"u8))
                throw new CheckpointException($"{source} is not little-endian.");

            var value = new PickleReader(await ReadAsync(pickle, LargestPickle, source, cancellationToken).ConfigureAwait(false), source).Read();
            if (value is not Dictionary<object, object?> dict) throw new CheckpointException($"{source} holds no dict; expected a state dict.");
            foreach (var key in new[] { "state_dict", "model" })
            {
                if (dict.GetValueOrDefault(key) is Dictionary<object, object?> inner) dict = inner;
            }

            var storages = new Dictionary<string, byte[]>();
            var tensors = new List<NamedTensor>();
            foreach (var (name, item) in dict)
            {
                if (name is not string text || item is not PickleTensor view) continue;
                if (!storages.TryGetValue(view.Storage.Key, out var bytes))
                {
                    var entry = archive.GetEntry($"{root}data/{view.Storage.Key}") ?? throw new CheckpointException($"{source} lacks the numbers of tensor '{text}'.");
                    storages[view.Storage.Key] = bytes = await ReadAsync(entry, Array.MaxLength, source, cancellationToken).ConfigureAwait(false);
                }

                tensors.Add(new(text, view.Storage.Type, view.Shape, Gather(view, bytes, text, source)));
            }

            return tensors;
        }
        catch (InvalidDataException fault)
        {
            throw new CheckpointException($"{source} is no zip archive; expected a state dict saved by PyTorch 1.6 or later ({fault.Message}).", fault);
        }
    }

    // Weights of channels-last models keep their strides in the file.
    private static ReadOnlyMemory<byte> Gather(PickleTensor view, byte[] storage, string name, string source)
    {
        var size = view.Storage.Type.Size();
        if (view.Shape.Length != view.Strides.Length || view.Shape.Any(length => length < 0) || view.Strides.Any(stride => stride < 0) || view.Offset < 0)
            throw new CheckpointException($"{source}: tensor '{name}' has the shape [{string.Join(", ", view.Shape)}] and the strides [{string.Join(", ", view.Strides)}].");

        long count, last;
        try
        {
            count = NamedTensor.ByteCount(view.Shape, view.Storage.Type) / size;
            last = checked(view.Offset + view.Shape.Zip(view.Strides, (length, stride) => checked((length - 1) * stride)).Aggregate(0L, (a, b) => checked(a + b)));
        }
        catch (OverflowException)
        {
            throw new CheckpointException($"{source}: tensor '{name}' has the shape [{string.Join(", ", view.Shape)}], which is too large.");
        }

        if (count == 0) return default;
        // Sizes above what is stored would come from strides of 0, which no saved weight has.
        if (last >= storage.Length / size || count > storage.Length / size)
            throw new CheckpointException($"{source}: tensor '{name}' [{string.Join(", ", view.Shape)}] needs {Math.Max(last + 1, count)} numbers, found {storage.Length / size}.");
        if (view.Strides.AsSpan().SequenceEqual(PickleWriter.Strides(view.Shape))) return storage.AsMemory((int)view.Offset * size, (int)count * size);

        var target = new byte[count * size];
        var index = new long[view.Shape.Length];
        for (var at = 0; at < count; at++)
        {
            var from = view.Offset;
            for (var d = 0; d < index.Length; d++) from += index[d] * view.Strides[d];
            storage.AsSpan((int)from * size, size).CopyTo(target.AsSpan(at * size));
            for (var d = index.Length - 1; d >= 0 && ++index[d] == view.Shape[d]; d--) index[d] = 0;
        }

        return target;
    }

    private static async Task AddAsync(ZipArchive archive, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // libtorch maps numbers where they lie: nothing may be compressed.
        var entry = archive.CreateEntry($"{Folder}/{name}", CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        await using var stream = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(content, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<byte[]> ReadAsync(ZipArchiveEntry entry, long most, string source, CancellationToken cancellationToken)
    {
        // What is stored uncompressed cannot claim more than the file holds.
        if (entry.Length > most || entry.Length != entry.CompressedLength)
            throw new CheckpointException($"{source}: '{entry.FullName}' has {entry.Length} bytes, {entry.CompressedLength} stored; expected at most {most}, uncompressed.");
        var bytes = GC.AllocateUninitializedArray<byte>((int)entry.Length);
        await using var stream = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return read == bytes.Length ? bytes : throw new CheckpointException($"{source}: '{entry.FullName}' ends after {read} of {bytes.Length} bytes.");
    }
}
