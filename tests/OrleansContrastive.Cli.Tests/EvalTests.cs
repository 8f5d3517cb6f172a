using System.Text.Json;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary><c>contrastive eval</c>, every protocol, on a small run of striped patterns.</summary>
public sealed class EvalTests(TrainedFolder run) : IClassFixture<TrainedFolder>
{
    [Fact]
    public async Task Knn_says_what_the_run_said_at_its_end_and_answers_a_grid()
    {
        var result = await JsonAsync("knn", run.Path, "--k", "1,5", "--temperature", "0.5", "--lanes", "1");
        foreach (var name in new[] { "method", "encoder", "evaluated", "knnTop1", "knn20Top1", "knnGridTop1", "knn20GridTop1", "randomInitTop1", "randomInit20Top1", "rawPixelTop1", "rawPixel20Top1", "seed" })
            Assert.Equal(run.Knn.GetProperty(name).ToString(), result.GetProperty(name).ToString());
        Assert.Equal((320, 50, 20), (result.GetProperty("train").GetInt32(), result.GetProperty("test").GetInt32(), result.GetProperty("version").GetInt32()));
        var results = result.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(5 * 4, results.Length);
        Assert.Equal([200, 20, 1, 5], results[..4].Select(one => one.GetProperty("k").GetInt32()));

        // The same run by its id and its store, at an earlier version.
        var earlier = await JsonAsync("knn", "run", "--store", run.Path, "--version", "10", "--limit", "100", "--test-limit", "20", "--weights", "key");
        Assert.Equal((100, 20, 10), (earlier.GetProperty("train").GetInt32(), earlier.GetProperty("test").GetInt32(), earlier.GetProperty("version").GetInt32()));
        Assert.Equal("key", earlier.GetProperty("evaluated").GetString());
    }

    [Fact]
    public async Task Linear_learns_on_cached_features_and_on_augmented_views()
    {
        var cached = await JsonAsync("linear", run.Path, "--epochs", "20", "--lr", "0.03,0.3");
        Assert.InRange(Number(cached, "linearTop1"), 0.5, 1);
        Assert.True(cached.GetProperty("frozen").GetBoolean());
        Assert.Equal(2, cached.GetProperty("sweep").GetArrayLength());
        var augmented = await JsonAsync("linear", run.Path, "--epochs", "4", "--lr", "0.03,0.3", "--augment", "--features", "grid");
        Assert.InRange(Number(augmented, "linearTop1"), 0.3, 1);
        Assert.True(augmented.GetProperty("augmented").GetBoolean());
    }

    [Fact]
    public async Task Svm_and_retrieval_find_the_classes()
    {
        var svm = await JsonAsync("svm", run.Path, "--cost", "1,10", "--features", "pixels");
        Assert.InRange(Number(svm, "svmTop1"), 0.5, 1);
        var retrieval = await JsonAsync("retrieval", run.Path);
        Assert.InRange(Number(retrieval, "recallAt1"), 0.3, 1);
        Assert.True(Number(retrieval, "recallAt1") <= Number(retrieval, "recallAt5") && Number(retrieval, "recallAt5") <= Number(retrieval, "recallAt10"));
        Assert.Equal((50, 0, 320), (retrieval.GetProperty("queries").GetInt32(), retrieval.GetProperty("withoutMatch").GetInt32(), retrieval.GetProperty("galleryImages").GetInt32()));
        var other = await JsonAsync("retrieval", run.Path, "--gallery", "synthetic", "--limit", "200");
        Assert.Equal(200, other.GetProperty("galleryImages").GetInt32());
    }

    [Fact]
    public async Task Fine_tuning_is_compared_with_the_same_network_from_scratch()
    {
        var result = await JsonAsync("finetune", run.Path, "--share", "0.1,0.3", "--epochs", "3", "--batch", "16");
        var results = result.GetProperty("results").EnumerateArray().ToArray();
        // 32 images of each class, three or ten of which keep their label.
        Assert.Equal([30, 100], results.Select(one => one.GetProperty("labels").GetInt32()));
        Assert.All(results, one => Assert.InRange(Number(one, "fineTunedTop1"), 0.1, 1));
        Assert.All(results, one => Assert.InRange(Number(one, "scratchTop5"), 0.3, 1));
        Assert.NotEqual(Number(results[0], "fineTunedLoss"), Number(results[0], "scratchLoss"));
    }

    [Fact]
    public async Task Transfer_and_probe_are_judged_by_linear_classifiers()
    {
        var transfer = await JsonAsync("transfer", run.Path, "--to", "synthetic", "--limit", "200", "--test-limit", "50", "--epochs", "10");
        Assert.InRange(Number(transfer, "linearTop1"), 0.3, 1);
        Assert.InRange(Number(transfer, "randomInitKnn20Top1"), 0.1, 1);
        var probe = await JsonAsync("probe", run.Path, "--epochs", "10");
        var tasks = probe.GetProperty("results").EnumerateArray().ToDictionary(one => one.GetProperty("task").GetString()!);
        Assert.Equal(["class", "rotation", "colour", "noise", "blur"], tasks.Keys);
        Assert.All(tasks.Values, one => Assert.InRange(Number(one, "h"), 0.05, 1));
        Assert.InRange(Number(tasks["class"], "h"), 0.4, 1);
    }

    [Fact]
    public async Task A_person_gets_a_table()
    {
        var outcome = await Contrastive.RunAsync("eval", "retrieval", run.Path, "--limit", "50", "--test-limit", "10");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("retrieval: moco-v2, resnet8-w8, synthetic, version 20", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("encoder features", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("{", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("knnn", "did you mean \"knn\"", "knnn")]
    [InlineData("nowhere", "no folder", "knn", "nowhere")]
    [InlineData("--version is 3", "checkpoints of 10, 20", "svm", "RUN", "--version", "3")]
    [InlineData("qeury", "did you mean \"query\"", "linear", "RUN", "--weights", "qeury")]
    [InlineData("encodr", "did you mean \"encoder\"", "linear", "RUN", "--features", "encodr")]
    [InlineData("--lr has 'fast'", "expected numbers above 0", "linear", "RUN", "--lr", "fast")]
    [InlineData("0 and 256", "1 epoch", "linear", "RUN", "--epochs", "0")]
    [InlineData("--limit is -1", "expected 1 or more", "retrieval", "RUN", "--limit", "-1")]
    [InlineData("synthetc", "did you mean \"synthetic\"", "transfer", "RUN", "--to", "synthetc")]
    [InlineData("--to", "required", "transfer", "RUN")]
    [InlineData("found 2", "not above 1", "finetune", "RUN", "--share", "2")]
    [InlineData("gpu", "expected cpu, cuda", "knn", "RUN", "--device", "gpu")]
    [InlineData("Transfer needs labels", "each class is a folder", "transfer", "RUN", "--to", "folder", "--data", "FLAT")]
    [InlineData("No class of folder (cat", "nothing could ever be found", "retrieval", "RUN", "--gallery", "folder", "--gallery-data", "CLASSES")]
    public async Task Wrong_usage_is_answered_with_what_would_be_right(string wrong, string right, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        foreach (var place in new[] { "flat/train", "flat/test", "classes/train/cat", "classes/train/dog" })
        {
            Directory.CreateDirectory(folder[place]);
            foreach (var name in new[] { "a.bmp", "b.bmp" }) await File.WriteAllBytesAsync(Path.Combine(folder[place], name), Bitmap(), TestContext.Current.CancellationToken);
        }

        var outcome = await Contrastive.RunAsync(["eval", .. arguments.Select(argument => argument switch
        {
            "RUN" => run.Path,
            "FLAT" => folder["flat"],
            "CLASSES" => folder["classes"],
            _ => argument,
        })]);

        Assert.True(outcome.ExitCode == 2, $"{outcome.ExitCode}: {outcome.Error}");
        Assert.Contains(wrong, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(right, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }

    // 16 x 16 pixels of 24 bits, all black.
    private static byte[] Bitmap()
    {
        const int Header = 54, Side = 16;
        var file = new byte[Header + (3 * Side * Side)];
        "BM"u8.CopyTo(file);
        foreach (var (at, value) in new[] { (2, file.Length), (10, Header), (14, 40), (18, Side), (22, Side), (26, 1 | (24 << 16)), (34, 3 * Side * Side) })
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        return file;
    }

    private static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var outcome = await Contrastive.RunAsync(["eval", .. arguments, "--json"]);
        Assert.True(outcome.ExitCode == 0, $"{outcome.ExitCode}: {outcome.Error}");
        return JsonDocument.Parse(Assert.Single(outcome.Output.Trim().Split('\n'))).RootElement;
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
