using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary>Wrong usage gets a sentence with the known names and the nearest one, and exit code 2.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("--datset", "did you mean \"--dataset\"", "train", "--datset", "synthetic")]
    [InlineData("trian", "did you mean \"train\"", "trian")]
    [InlineData("moco-v9", "did you mean \"moco-v", "train", "--method", "moco-v9", "--dataset", "synthetic")]
    [InlineData("fasion-mnist", "did you mean \"fashion-mnist\"", "train", "--dataset", "fasion-mnist")]
    [InlineData("resnet9", "resnet18", "train", "--encoder", "resnet9", "--dataset", "synthetic")]
    [InlineData("fashion-mnst", "did you mean \"fashion-mnist\"", "train", "--preset", "fashion-mnst")]
    [InlineData("temprature", "did you mean \"temperature\"", "train", "--set", "temprature=1")]
    [InlineData("warm", "expected a number", "train", "--set", "temperature=warm")]
    [InlineData("temperature", "expected above 0", "train", "--dataset", "synthetic", "--set", "temperature=0")]
    [InlineData("boundd", "did you mean \"bounded\"", "train", "--dataset", "synthetic", "--set", "consistency=boundd")]
    [InlineData("stalenessBound", "expected 1 or more", "train", "--dataset", "synthetic", "--set", "stalenessBound=0")]
    [InlineData("syncoRows", "expected whole numbers with commas", "train", "--set", "syncoRows=1,two")]
    [InlineData("syncoRows", "expected six numbers", "train", "--dataset", "synthetic", "--set", "sampling=synco", "--set", "syncoRows=8,8")]
    [InlineData("mixAfterEpochs", "expected 0 or more", "train", "--dataset", "synthetic", "--set", "mixAfterEpochs=-1")]
    [InlineData("batch", "expected a multiple of 3", "train", "--dataset", "synthetic", "--batch", "64", "--set", "encoders=3")]
    [InlineData("adam", "did you mean \"adamw\"", "train", "--dataset", "synthetic", "--set", "optimizer=adam")]
    [InlineData("trustClip", "only lars-solo and larc clip", "train", "--dataset", "synthetic", "--set", "trustClip=true")]
    [InlineData("gradientClip", "expected 0 (no limit) or more", "train", "--dataset", "synthetic", "--set", "gradientClip=-1")]
    [InlineData("dino-imagenett", "did you mean \"dino-imagenet\"", "recipes", "show", "--preset", "dino-imagenett")]
    [InlineData("predictr", "did you mean \"predictor\"", "train", "--dataset", "synthetic", "--method", "simsiam", "--set", "fixedRateParts=predictr")]
    [InlineData("evaluate", "Known: query, key", "train", "--dataset", "synthetic", "--set", "evaluate=both")]
    [InlineData("vit-tiny", "whole patches of 5", "train", "--dataset", "synthetic", "--encoder", "vit-tiny-p5")]
    [InlineData("keyMomentumSchedule", "Known: constant, cosine", "train", "--dataset", "synthetic", "--set", "keyMomentumSchedule=step")]
    [InlineData("keyMomentumEnd", "expected 0.99, where it begins, to 1", "train", "--dataset", "synthetic", "--set", "keyMomentumSchedule=cosine", "--set", "keyMomentumEnd=0.9")]
    [InlineData("sampling", "all, since dcl has no memory", "train", "--dataset", "synthetic", "--method", "dcl", "--set", "sampling=hardest")]
    [InlineData("sampling", "all, debiased or reweighted", "train", "--dataset", "synthetic", "--method", "simclr", "--set", "sampling=hardest")]
    [InlineData("lamda", "did you mean \"lambda\"", "train", "--dataset", "synthetic", "--method", "pirl", "--set", "lamda=0.3")]
    [InlineData("pretext", "pirl", "train", "--dataset", "synthetic", "--method", "pirl", "--set", "pretext=puzzle")]
    [InlineData("store", "expected bank", "train", "--dataset", "synthetic", "--method", "instdisc", "--set", "store=queue", "--set", "negatives=mirror")]
    [InlineData("cpc-sequence", "needs an encoder that reads an image row by row", "train", "--dataset", "synthetic", "--method", "cpc-sequence", "--encoder", "resnet8-w8")]
    [InlineData("rotation", "needs an encoder that reads an image in two dimensions", "train", "--dataset", "synthetic", "--method", "rotation", "--encoder", "conv1d-gru")]
    [InlineData("frames", "Known: even, consecutive", "train", "--dataset", "image-sequences", "--set", "frames=all")]
    [InlineData("gpu", "expected cpu, cuda", "train", "--dataset", "synthetic", "--device", "gpu")]
    [InlineData("nowhere", "holds no run", "resume", "nowhere")]
    [InlineData("/no/such/folder", "no such folder", "run", "list", "--store", "/no/such/folder")]
    [InlineData("strat", "did you mean \"start\"", "run", "strat")]
    [InlineData("--samples", "expected 1 or more", "cluster-demo", "--samples", "0")]
    [InlineData("train[:500]", "give one of them", "cluster-demo", "--samples", "100", "--set", "split=train[:500]")]
    [InlineData("--samples", "expected 128 or more", "experiment", "zoo", "--methods", "colorization", "--samples", "1", "--out", "no-zoo")]
    [InlineData("--samples", "expected 0 or more", "experiment", "zoo", "--samples", "-5", "--out", "no-zoo")]
    [InlineData("instdsc", "did you mean \"instdisc\"", "experiment", "zoo", "--methods", "simclr,instdsc", "--out", "no-zoo")]
    [InlineData("unifrm", "did you mean \"uniform\"", "experiment", "negatives", "--dataset", "synthetic", "--samples", "1280", "--strategies", "all", "unifrm", "--out", "no-zoo")]
    [InlineData("--samples", "the images of a step", "experiment", "negatives", "--dataset", "synthetic", "--samples", "20", "--out", "no-zoo")]
    [InlineData("--epochs", "learns from its --samples once", "experiment", "asynchrony", "--epochs", "3", "--out", "no-zoo")]
    [InlineData("--seed", "1, 2, ... up to --seeds", "experiment", "negatives", "--set", "Seed=3", "--out", "no-zoo")]
    [InlineData("--set seed", "--seeds seeds from --first-seed on", "experiment", "zoo", "--set", "seed=3", "--out", "no-zoo")]
    [InlineData("--first-seed", "expected 0 or more", "experiment", "zoo", "--first-seed", "-1", "--out", "no-zoo")]
    [InlineData("--epochs is 'ten'", "expected a whole number.", "train", "--epochs", "ten")]
    [InlineData("--latency is '3ms'", "expected a number.", "experiment", "asynchrony", "--latency", "3ms", "--out", "no-zoo")]
    [InlineData("--seed is '-1'", "0 or more", "train", "--seed", "-1")]
    [InlineData("datasets", "needs one of its commands: list, fetch", "datasets")]
    [InlineData("--json", "Known: --help, --methods", "methods", "--json")]
    [InlineData("kye", "did you mean \"key\"", "cluster-demo", "--victim", "kye")]
    public async Task Names_what_is_wrong_and_what_would_be_right(string wrong, string right, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var outcome = await Contrastive.RunAsync(arguments[0] == "train" ? [.. arguments, "--out", folder.Path] : arguments);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(wrong, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(right, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_something_in_it_is_not_written_over()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "notes.txt"), "mine", TestContext.Current.CancellationToken);
        var outcome = await Contrastive.RunAsync("train", "--dataset", "synthetic", "--out", folder.Path);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("is not empty", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_of_an_experiment_are_not_written_over()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["zoo.json"], "[]", TestContext.Current.CancellationToken);
        var outcome = await Contrastive.RunAsync("experiment", "zoo", "--methods", "simclr", "--out", folder.Path);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("or --force to replace", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("[]", await File.ReadAllTextAsync(folder["zoo.json"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_that_is_refused_leaves_nothing_behind(bool isNew)
    {
        using var folder = new TemporaryFolder();
        var place = isNew ? folder["run"] : folder.Path;
        var outcome = await Contrastive.RunAsync("train", "--dataset", "synthetic", "--encoder", "resnet8-w8", "--from", folder["none.pt"], "--out", place);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("none.pt", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(!isNew, Directory.Exists(place));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_demo_without_its_storage_emulator_says_who_fetches_it()
    {
        using var folder = new TemporaryFolder();
        var outcome = await Contrastive.RunAsync([new("OC_CACHE", folder["cache"])], ["cluster-demo", "--storage", "azurite", "--out", folder["demo"], "--silo", typeof(UsageTests).Assembly.Location]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("tests/azurite.sh puts it at", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
