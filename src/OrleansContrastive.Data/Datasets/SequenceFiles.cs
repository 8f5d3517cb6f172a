namespace OrleansContrastive.Data.Datasets;

/// <summary>Which folders of a split are sequences of frames.</summary>
/// <param name="Root">The folder that the paths begin at.</param>
/// <param name="Sequences">The frames of each in ordinal order, relative to <paramref name="Root"/>; sequences are ordered by their folders.</param>
/// <param name="Labels">One per sequence; empty where sequences lie directly in the root.</param>
/// <param name="ClassNames">The folders that hold sequences, in ordinal order; empty likewise.</param>
internal sealed record SequenceFiles(string Root, string[][] Sequences, int[] Labels, string[] ClassNames)
{
    /// <summary>Frames that an image shows.</summary>
    public const int Shown = 4;

    /// <summary>
    /// Finds the split as <see cref="FolderFiles"/> does. In it lies one folder for each sequence, or one for each class with
    /// such folders in it.
    /// </summary>
    /// <exception cref="DatasetException">No such folder or split, images beside folders, or a sequence of fewer than four frames.</exception>
    public static SequenceFiles Find(string folder, string split)
    {
        if (!Directory.Exists(folder))
            throw new DatasetException(folder, null, "a folder with a folder of frames for each sequence", File.Exists(folder) ? "a file" : "nothing");
        try
        {
            var root = FolderFiles.SplitRoot(folder, split);
            var classRoot = split == "train" ? root : FolderFiles.TrainingRoot(folder) ?? root;
            return List(root, classRoot);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(folder, null, "a readable folder of sequences", e.Message, e);
        }
    }

    private static SequenceFiles List(string root, string classRoot)
    {
        if (FolderFiles.ImagesIn(root) is [var stray, ..])
            throw new DatasetException(root, null, "a folder of frames for each sequence, and no images beside them", $"the image {stray}");
        var folders = FolderFiles.FolderNames(root);
        if (folders.Length == 0) throw new DatasetException(root, null, "a folder of frames for each sequence", "none");

        var flat = folders.Select(name => FolderFiles.ImagesIn(Path.Combine(root, name)).Length > 0).ToArray();
        if (flat.All(own => own)) return new(root, [.. folders.Select(name => Frames(root, name))], [], []);
        if (Array.IndexOf(flat, true) is >= 0 and var first)
        {
            throw new DatasetException(
                root, null, "frames in every folder, or sequences in every folder", $"frames in {folders[first]} and none in {folders[Array.IndexOf(flat, false)]}");
        }

        var classNames = FolderFiles.FolderNames(classRoot);
        var sequences = new List<(string[] Frames, int Label)>();
        foreach (var name in folders)
        {
            var label = Array.IndexOf(classNames, name);
            if (label < 0) throw new DatasetException(root, null, "only class folders that the training split has", $"the folder {name}");
            var inner = FolderFiles.FolderNames(Path.Combine(root, name));
            if (inner.Length == 0) throw new DatasetException(Path.Combine(root, name), null, "frames, or a folder of frames for each sequence", "neither");
            sequences.AddRange(inner.Select(sequence => (Frames(root, $"{name}/{sequence}"), label)));
        }

        return new(root, [.. sequences.Select(sequence => sequence.Frames)], [.. sequences.Select(sequence => sequence.Label)], classNames);
    }

    private static string[] Frames(string root, string folder)
    {
        var frames = FolderFiles.ImagesIn(Path.Combine(root, folder));
        return frames.Length >= Shown
            ? Array.ConvertAll(frames, name => $"{folder}/{name}")
            : throw new DatasetException(Path.Combine(root, folder), null, $"a sequence of {Shown} frames or more", $"{frames.Length}");
    }
}
