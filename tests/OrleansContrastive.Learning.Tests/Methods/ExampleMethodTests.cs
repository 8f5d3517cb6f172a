using System.Reflection;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Learning.Tests.Golden;
using OrleansContrastive.Tests.Shared;
using static TorchSharp.torch;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>A method that a user wrote in an assembly of their own (tests/OrleansContrastive.ExampleMethod).</summary>
public sealed class ExampleMethodTests
{
    private const string Name = "alignment-uniformity";

    [Fact]
    public void It_is_registered_by_its_assembly_and_learns()
    {
        using var leaks = new TensorLeaks();
        var registry = Registry();
        Assert.Equal([Name], registry.Names);
        Assert.Equal(["power", "sharpness", "uniformity"], registry.Find(Name).Options);
        using var bench = new Workbench(Name, registry: registry);
        var losses = new List<double>();
        for (var step = 0; step < 12; step++)
        {
            using var result = bench.Step(rate: 0.03);
            losses.Add(result.Loss.Loss);
        }

        Assert.True(losses[^3..].Average() < losses[..3].Average(), string.Join(", ", losses));
    }

    [Theory]
    [InlineData("", 2, 2, 1)]
    [InlineData("""{"power":3,"sharpness":0.5,"uniformity":0.25}""", 3, 0.5, 0.25)]
    public void Its_loss_is_the_papers(string options, double power, double sharpness, double weight)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(Name, options, registry: Registry());
        using var result = bench.Look();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        double[][][] views = [.. bench.Views.Select(view => Numbers.From(Embeddings.Unit(bench.Model.forward(view))).Chunk(Workbench.Width).ToArray())];
        var count = Workbench.Images;
        var alignment = Enumerable.Range(0, count).Average(i => Math.Pow(Distance(views[0][i], views[1][i]), power));
        var uniformity = views.Average(rows => Math.Log(
            (from i in Enumerable.Range(0, count) from j in Enumerable.Range(0, count) where i != j select Math.Exp(-sharpness * Math.Pow(Distance(rows[i], rows[j]), 2))).Average()));
        Assert.Equal(alignment + (weight * uniformity), result.Loss.Loss, 1e-5);
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));

    private static MethodRegistry Registry()
    {
        var registry = new MethodRegistry();
        registry.Load(Assembly.LoadFrom(ExampleMethod.File));
        return registry;
    }
}
