using OrleansContrastive.Learning.Random;

namespace OrleansContrastive.Learning.Evaluation;

/// <summary>Seeded choices of labelled images. Equal seeds choose equally on every machine.</summary>
public static class LabelSplit
{
    /// <summary>A share of every class, at least one image of each; ascending.</summary>
    /// <param name="labels">Class of each image, not negative.</param>
    /// <param name="share">Above 0, at most 1.</param>
    /// <param name="seed">Which of the images.</param>
    /// <exception cref="ArgumentException">The share is out of range, or an image has no class.</exception>
    public static int[] Balanced(ReadOnlySpan<int> labels, double share, ulong seed)
    {
        if (!(share is > 0 and <= 1)) throw new ArgumentException($"The share of labels must lie above 0 and not above 1, found {share}.", nameof(share));
        var byClass = new SortedDictionary<int, List<int>>();
        foreach (var image in Order(labels.Length, seed, round: 0))
        {
            var label = labels[image];
            if (label < 0) throw new ArgumentException($"Image {image} has no class.", nameof(labels));
            if (!byClass.TryGetValue(label, out var images)) byClass[label] = images = [];
            images.Add(image);
        }

        int[] chosen = [.. byClass.Values.SelectMany(images => images.Take(Math.Max(1, (int)Math.Round(images.Count * share))))];
        Array.Sort(chosen);
        return chosen;
    }

    /// <summary>Cuts a share off at random: what is kept and what is held out, both ascending.</summary>
    /// <param name="count">Number of images.</param>
    /// <param name="share">The part that is held out, 0 to below 1.</param>
    /// <param name="seed">Which of the images.</param>
    public static (int[] Kept, int[] HeldOut) HoldOut(int count, double share, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(share is >= 0 and < 1)) throw new ArgumentException($"The share that is held out must lie in [0, 1), found {share}.", nameof(share));
        var order = Order(count, seed, round: 0);
        var cut = (int)(count * share);
        var (heldOut, kept) = (order[..cut], order[cut..]);
        Array.Sort(heldOut);
        Array.Sort(kept);
        return (kept, heldOut);
    }

    /// <summary>A random order of 0 … <paramref name="count"/> − 1, another one for every round.</summary>
    public static int[] Order(int count, ulong seed, int round)
    {
        var stream = new RandomStream(seed, RandomPurpose.Evaluation, (ulong)round, 0);
        return Array.ConvertAll(Permutation.Draw(count, ref stream), image => (int)image);
    }
}
