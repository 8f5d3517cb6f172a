using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansContrastive.Data.Datasets;

/// <summary>A split's name and, where only a range of it is meant, the range: <c>train[:50000]</c>.</summary>
/// <param name="Name">As <c>train</c>.</param>
/// <param name="From">First position, or null for the start.</param>
/// <param name="To">Position after the last, or null for the end.</param>
internal readonly partial record struct DatasetSplit(string Name, int? From, int? To)
{
    /// <exception cref="ArgumentException">Not of the form <c>name</c> or <c>name[from:to]</c>.</exception>
    public static DatasetSplit Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            throw new ArgumentException(
                $"Unknown split \"{text}\"; expected a name with or without a range, as train, test or train[:50000].");
        }

        return new DatasetSplit(match.Groups[1].Value, Number(match.Groups[2]), Number(match.Groups[3]));
    }

    /// <summary>The range's first position and length within a split of <paramref name="count"/> images.</summary>
    /// <exception cref="ArgumentException">The range is empty or ends after the last image.</exception>
    public (int Start, int Length) Within(int count)
    {
        var (start, end) = (From ?? 0, To ?? count);
        if (start >= end || end > count)
        {
            throw new ArgumentException(
                $"Split \"{Name}[{From}:{To}]\": expected a range within 0:{count} that is not empty, found {start}:{end}.");
        }

        return (start, end - start);
    }

    private static int? Number(Group group) =>
        group.Length == 0 ? null : int.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([A-Za-z0-9_+-]+)(?:\[([0-9]{0,9}):([0-9]{0,9})\])?$")]
    private static partial Regex Form();
}
