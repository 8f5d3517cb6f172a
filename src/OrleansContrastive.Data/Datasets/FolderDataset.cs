using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Data.Datasets;

/// <summary>
/// Image files in a folder, flat or one folder per class, decoded at every read. A broken file makes its own
/// <see cref="Read"/> throw and no other.
/// </summary>
internal sealed class FolderDataset : IImageDataset
{
    // A folder up to this size is hashed whole; a larger one (ImageNet has 140 GB) by samples of it.
    private const long WholeHash = 256L << 20;
    private const int SampledFiles = 1024;

    private readonly FolderFiles _files;
    private readonly DecodeOptions _options;
    private readonly IImageDecoder _decoder;
    private readonly Lazy<string> _fingerprint;

    public FolderDataset(string name, FolderFiles files, DecodeOptions options, IImageDecoder decoder)
    {
        (Name, _files, _options, _decoder) = (name, files, options, decoder);
        _fingerprint = new Lazy<string>(() => Fingerprints.Of(AppendTo));
    }

    public string Name { get; }

    public int Count => _files.Paths.Length;

    public int Channels => _options.Channels;

    public int Width => 0;

    public int Height => 0;

    public IReadOnlyList<string> ClassNames => _files.ClassNames;

    public bool HasLabels => _files.ClassNames.Length > 0;

    /// <summary>
    /// Over every path and length in order, and the contents: of all files where they are 256 MiB together or less, else of
    /// 1,024 files evenly spread.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    public int Label(int index)
    {
        Checked.Index(index, Count);
        return HasLabels ? _files.Labels[index] : -1;
    }

    public void Read(int index, PixelBuffer target)
    {
        var path = PathOf(Checked.Index(index, Count));
        byte[]? content = null;
        try
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            DecodeLimits.CheckBytes(length, _options);
            content = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, Array.MaxLength));
            var read = ReadWhole(file, content.AsSpan(0, (int)length));
            _decoder.Decode(content.AsSpan(0, read), target, _options);
        }
        catch (ImageDecodingException e)
        {
            throw new DatasetException(path, null, "an image that can be decoded", e.Message, e, index);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, null, "a readable file", e.Message, e, index);
        }
        finally
        {
            if (content is not null)
                ArrayPool<byte>.Shared.Return(content);
        }
    }

    public void Dispose()
    {
    }

    private static int ReadWhole(SafeFileHandle file, Span<byte> target)
    {
        var read = 0;
        while (read < target.Length && RandomAccess.Read(file, target[read..], read) is > 0 and var more)
            read += more;
        return read;
    }

    private string PathOf(int index) => Path.Combine(_files.Root, _files.Paths[index]);

    private void AppendTo(IncrementalHash hash)
    {
        Fingerprints.AppendText(hash, "folder");
        long total = 0;
        for (var i = 0; i < Count; i++)
        {
            var length = Length(i);
            total += length;
            Fingerprints.AppendText(hash, _files.Paths[i]);
            Fingerprints.AppendNumber(hash, length);
            Fingerprints.AppendNumber(hash, Label(i));
        }

        var hashed = total <= WholeHash ? Count : Math.Min(Count, SampledFiles);
        for (var i = 0; i < hashed; i++)
            hash.AppendData(Content((int)((long)i * Count / hashed)));
    }

    private long Length(int index) => Named(index, path => new FileInfo(path).Length);

    private byte[] Content(int index) => Named(index, File.ReadAllBytes);

    private T Named<T>(int index, Func<string, T> read)
    {
        var path = PathOf(index);
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, null, "a readable file", e.Message, e, index);
        }
    }
}
