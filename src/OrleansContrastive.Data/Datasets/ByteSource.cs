using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace OrleansContrastive.Data.Datasets;

/// <summary>The uncompressed content of one file, read at random: a raw file is mapped, a gzip file is unpacked once.</summary>
internal sealed class ByteSource : IDisposable
{
    private const int HashChunk = 1 << 20;
    private const int UnpackChunk = 1 << 17;

    private readonly byte[]? _content;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly SafeMemoryMappedViewHandle? _handle;

    private ByteSource(string path, byte[] content) => (Path, _content, Length) = (path, content, content.Length);

    private ByteSource(string path, long length)
    {
        (Path, Length) = (path, length);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _handle = _view.SafeMemoryMappedViewHandle;
    }

    public string Path { get; }

    /// <summary>Bytes of uncompressed content.</summary>
    public long Length { get; }

    /// <summary>Opens <paramref name="path"/> or, where that does not exist, <paramref name="path"/> + ".gz".</summary>
    /// <exception cref="DatasetException">Neither exists, it is empty, or it does not unpack.</exception>
    public static ByteSource Open(string path)
    {
        var present = File.Exists(path) ? path : path + ".gz";
        try
        {
            using var stream = File.OpenRead(present);
            if (stream.Length == 0)
                throw new DatasetException(present, 0, "content", "an empty file");
            Span<byte> magic = stackalloc byte[2];
            var gzip = stream.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
            if (!gzip)
                return new ByteSource(present, stream.Length);
            stream.Position = 0;
            return new ByteSource(present, Unpack(present, stream));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DatasetException(path, null, "this file or the same with .gz", "neither", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(present, null, "a readable file", e.Message, e);
        }
    }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/> on. Thread-safe.</summary>
    /// <exception cref="DatasetException">The content ends before.</exception>
    /// <exception cref="ObjectDisposedException">After <see cref="Dispose"/>.</exception>
    public void Read(long offset, Span<byte> target)
    {
        if (offset < 0 || offset + target.Length > Length)
            throw new DatasetException(Path, offset, $"{target.Length} bytes", $"the end, at byte {Length}");
        if (_content is not null)
            _content.AsSpan((int)offset, target.Length).CopyTo(target);
        else
            _handle!.ReadSpan((ulong)offset, target);
    }

    /// <summary>Adds the whole content to a hash.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        var chunk = new byte[(int)Math.Min(HashChunk, Length)];
        for (long offset = 0; offset < Length; offset += chunk.Length)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, Length - offset));
            Read(offset, part);
            hash.AppendData(part);
        }
    }

    public void Dispose()
    {
        _view?.Dispose();
        _file?.Dispose();
    }

    private static byte[] Unpack(string path, FileStream packed)
    {
        try
        {
            using var content = new MemoryStream(AnnouncedLength(packed));
            using var gzip = new GZipStream(packed, CompressionMode.Decompress);
            var chunk = new byte[UnpackChunk];
            while (gzip.Read(chunk) is > 0 and var read)
            {
                if (content.Length + read > Array.MaxLength)
                {
                    throw new DatasetException(
                        path, content.Length, $"at most {Array.MaxLength} bytes unpacked", "more; unpack it to a raw file");
                }

                content.Write(chunk, 0, read);
            }

            if (content.Length == 0)
                throw new DatasetException(path, 0, "content", "an empty or truncated gzip file");
            return content.Length == content.Capacity ? content.GetBuffer() : content.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException(path, null, "a gzip file", e.Message, e);
        }
    }

    // The last four bytes say how much there is, modulo 2^32. They are believed as far as deflate can go (1,032 to 1).
    private static int AnnouncedLength(FileStream packed)
    {
        if (packed.Length < 18)
            return 0;
        Span<byte> length = stackalloc byte[4];
        RandomAccess.Read(packed.SafeFileHandle, length, packed.Length - 4);
        var announced = BinaryPrimitives.ReadUInt32LittleEndian(length);
        return announced <= Math.Min(1032 * packed.Length, Array.MaxLength) ? (int)announced : 0;
    }
}
