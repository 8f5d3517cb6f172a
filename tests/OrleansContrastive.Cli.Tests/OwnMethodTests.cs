using System.Text.Json;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cli.Tests;

/// <summary><c>--methods</c>: a method of a user's own assembly (tests/OrleansContrastive.ExampleMethod) is trained like all others.</summary>
public sealed class OwnMethodTests
{
    private const string Name = "alignment-uniformity";

    private static readonly string[] Train =
    [
        "train", "--method", Name, "--dataset", "synthetic", "--encoder", "resnet8-w8", "--epochs", "1", "--batch", "32", "--lanes", "1", "--json",
        "--set", "split=train[:320]", "testSplit=test[:50]", "imageSize=16", "uniformity=0.5", "evaluateEpochs=0",
    ];

    [Fact]
    public async Task It_is_trained_and_judged_once_its_assembly_is_named()
    {
        using var folder = new TemporaryFolder();
        var trained = await Contrastive.RunAsync(["--methods", ExampleMethod.File, .. Train, "--out", folder.Path]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var result = JsonDocument.Parse(trained.Output).RootElement;
        Assert.Equal(Name, result.GetProperty("method").GetString());
        Assert.Equal(320, result.GetProperty("samplesApplied").GetInt64());

        var judged = await Contrastive.RunAsync("eval", "knn", folder.Path, "--lanes", "1", "--json", "--methods", ExampleMethod.File);
        Assert.True(judged.ExitCode == 0, judged.Error);
        Assert.Equal(result.GetProperty("knnTop1").GetDouble(), JsonDocument.Parse(judged.Output).RootElement.GetProperty("knnTop1").GetDouble());
    }

    [Fact]
    public async Task The_environment_names_it_as_well_and_its_options_are_checked()
    {
        using var folder = new TemporaryFolder();
        string[] misspelt = [.. Train.Select(argument => argument.Replace("uniformity=", "uniformty=", StringComparison.Ordinal)), "--out", folder.Path];
        var outcome = await Contrastive.RunAsync([new("OC_METHODS", ExampleMethod.File)], misspelt);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("did you mean \"uniformity\"", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_assembly_nobody_knows_it()
    {
        using var folder = new TemporaryFolder();
        var outcome = await Contrastive.RunAsync([.. Train, "--out", folder.Path]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(Name, outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no file", "nowhere.dll")]
    [InlineData("is no assembly", "notes.dll")]
    [InlineData("no public class that implements IMethodModule", "OrleansContrastive.Contracts.dll")]
    [InlineData("There is a method 'instdisc' already", "OrleansContrastive.Learning.dll")]
    public async Task A_file_that_brings_no_method_is_refused(string problem, string file)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["notes.dll"], "notes", TestContext.Current.CancellationToken);
        // What is not written here lies beside the program; its own methods bring names that are taken.
        var path = file is "notes.dll" or "nowhere.dll" ? folder[file] : Path.Combine(AppContext.BaseDirectory, file);
        var outcome = await Contrastive.RunAsync("datasets", "list", "--methods", path);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(problem, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }
}
