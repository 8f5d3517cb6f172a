using System.Collections.Concurrent;
using System.Security.Cryptography;
using OrleansContrastive.Data.Decoding;

namespace OrleansContrastive.Data.Datasets;

/// <summary>Four frames of a sequence, two by two: every folder of image files is a sequence, decoded at every read. A broken frame makes the
/// images that show it throw and no other.</summary>
internal sealed class SequenceDataset : IImageDataset
{
    private readonly SequenceFiles _files;
    private readonly FolderDataset _frames;
    private readonly int _side;
    private readonly (int Sequence, int[] Frames)[] _images;
    private readonly ConcurrentBag<FrameMontage> _montages = [];
    private readonly Lazy<string> _fingerprint;

    /// <param name="name">The catalogue's name.</param>
    /// <param name="files">The sequences.</param>
    /// <param name="spacing">Which frames are shown.</param>
    /// <param name="side">Side of a frame in the image, in pixels.</param>
    /// <param name="options">How frames are decoded.</param>
    /// <param name="decoder">What decodes them.</param>
    public SequenceDataset(string name, SequenceFiles files, FrameSpacing spacing, int side, DecodeOptions options, IImageDecoder decoder)
    {
        (Name, _files, _side) = (name, files, side);
        _frames = new(name, new(files.Root, [.. files.Sequences.SelectMany(frames => frames)], [], []), options, decoder);
        var first = 0;
        var images = new List<(int, int[])>();
        for (var sequence = 0; sequence < files.Sequences.Length; sequence++)
        {
            var start = first;
            images.AddRange(Shown(files.Sequences[sequence].Length, spacing).Select(frames => (sequence, Array.ConvertAll(frames, frame => start + frame))));
            first += files.Sequences[sequence].Length;
        }

        _images = [.. images];
        _fingerprint = new(() => Fingerprints.Of(hash => AppendTo(hash, spacing)));
    }

    public string Name { get; }

    public int Count => _images.Length;

    public int Channels => _frames.Channels;

    public int Width => 2 * _side;

    public int Height => 2 * _side;

    public IReadOnlyList<string> ClassNames => _files.ClassNames;

    public bool HasLabels => _files.ClassNames.Length > 0;

    /// <summary>Over the frames as <see cref="FolderDataset"/> has it, the classes, and how frames are shown.</summary>
    public string Fingerprint => _fingerprint.Value;

    public int Label(int index)
    {
        var sequence = _images[Checked.Index(index, Count)].Sequence;
        return HasLabels ? _files.Labels[sequence] : -1;
    }

    public void Read(int index, PixelBuffer target)
    {
        var frames = _images[Checked.Index(index, Count)].Frames;
        if (!_montages.TryTake(out var montage)) montage = new(_side, Channels);
        target.Resize(Width, Height, Channels);
        for (var place = 0; place < frames.Length; place++)
        {
            try
            {
                _frames.Read(frames[place], montage.Frame);
            }
            catch (DatasetException e)
            {
                // Its number is that of the image, not of the frame among all frames.
                throw new DatasetException(e.Path, e.Offset, e.Expected, e.Found, e.InnerException, index);
            }

            montage.Place(place, target);
        }

        _montages.Add(montage);
    }

    public void Dispose() => _frames.Dispose();

    private static IEnumerable<int[]> Shown(int length, FrameSpacing spacing)
    {
        const int Count = SequenceFiles.Shown;
        if (spacing == FrameSpacing.Even) return [[.. Enumerable.Range(0, Count).Select(i => i * (length - 1) / (Count - 1))]];
        return Enumerable.Range(0, length / Count).Select(group => Enumerable.Range(group * Count, Count).ToArray());
    }

    private void AppendTo(IncrementalHash hash, FrameSpacing spacing)
    {
        Fingerprints.AppendText(hash, $"sequences {spacing}");
        Fingerprints.AppendNumber(hash, _side);
        Fingerprints.AppendNumber(hash, Channels);
        foreach (var name in _files.ClassNames) Fingerprints.AppendText(hash, name);
        Fingerprints.AppendText(hash, _frames.Fingerprint);
    }
}
