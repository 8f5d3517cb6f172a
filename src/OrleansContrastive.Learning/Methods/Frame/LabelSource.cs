namespace OrleansContrastive.Learning.Methods.Frame;

/// <summary>What says which rows belong together.</summary>
public enum LabelSource
{
    /// <summary>The classes of the data set.</summary>
    Classes,

    /// <summary>The images: only the views of one image belong together.</summary>
    Images,
}

/// <summary>The labels of the rows of a batch, by source.</summary>
public static class BatchLabels
{
    /// <summary>One label for each row of all views put one after the other.</summary>
    public static long[] Of(EncodedBatch encoded, LabelSource source, int views = 2)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        var labels = source == LabelSource.Classes ? encoded.Labels : encoded.SampleIds;
        return [.. Enumerable.Repeat(labels, views).SelectMany(each => each)];
    }
}
