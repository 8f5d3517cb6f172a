using System.Runtime.InteropServices;
using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;
using TorchSharp;

namespace OrleansContrastive.Learning.Tests.Optimizers;

public sealed class DelayCompensationTests
{
    private const int Count = 5003;
    private static readonly SgdStep Step = new(0.05, 0.9, 1e-2, false, 0.99);
    private static readonly ParameterRun[] Runs = [new(0, 1000, true), new(1000, Count - 1000, false)];

    [Fact]
    public void A_gradient_of_a_quadratic_is_carried_to_where_it_is_applied()
    {
        // L = a θ²/2 has the gradient a θ and the Hessian a; with λ g² = a the first-order term is all there is.
        const double Curvature = 3, Base = 0.7, Now = -0.2;
        double[] gradient = [Curvature * Base], compensated = new double[1];
        var compensation = new DelayCompensation(default, Curvature / (gradient[0] * gradient[0]), Adaptive: false);
        compensation.Apply<double>([Now], [Base], gradient, [], [], compensated);
        Assert.Equal(Curvature * Now, compensated[0], 1e-14);
    }

    [Theory]
    [InlineData(false, 0.04)]
    [InlineData(true, 2.0)]
    public void Equals_the_papers_formulas_element_by_element(bool adaptive, double strength)
    {
        var (weights, bases, gradient) = (Pattern.Double(Count, 1), Pattern.Double(Count, 2), Pattern.Double(Count, 3));
        var square = adaptive ? Pattern.Double(Count, 4).Select(Math.Abs).ToArray() : [];
        double[] found = new double[Count], nextSquare = new double[square.Length];
        new DelayCompensation(default, strength, adaptive).Apply<double>(weights, bases, gradient, square, nextSquare, found);

        for (var i = 0; i < Count; i++)
        {
            var lambda = strength;
            if (adaptive)
            {
                var mean = (0.95 * square[i]) + (0.05 * gradient[i] * gradient[i]);
                Assert.Equal(mean, nextSquare[i], 1e-14);
                lambda /= Math.Sqrt(mean + 1e-7);
            }

            Assert.Equal(gradient[i] + (lambda * gradient[i] * gradient[i] * (weights[i] - bases[i])), found[i], 1e-13);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_element_has_the_same_bits_wherever_it_stands(bool adaptive)
    {
        const int Few = 67;
        var (weights, bases, gradient) = (Pattern.Single(Few, 1), Pattern.Single(Few, 2), Pattern.Single(Few, 3));
        var square = adaptive ? Pattern.Single(Few, 4).Select(Math.Abs).ToArray() : [];
        var compensation = new DelayCompensation(default, 1.7, adaptive);
        float[] whole = new float[Few], wholeSquare = new float[square.Length];
        compensation.Apply<float>(weights, bases, gradient, square, wholeSquare, whole);
        for (var i = 0; i < Few; i++)
        {
            float[] one = new float[1], oneSquare = new float[adaptive ? 1 : 0];
            compensation.Apply<float>(
                weights.AsSpan(i, 1), bases.AsSpan(i, 1), gradient.AsSpan(i, 1), adaptive ? square.AsSpan(i, 1) : [], oneSquare, one);
            Assert.Equal(whole[i], one[0]);
            if (adaptive) Assert.Equal(wholeSquare[i], oneSquare[0]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_delay_a_version_is_what_it_is_without_compensation(bool adaptive)
    {
        var plain = Start(adaptive: false).Next([Update(7)], Runs, Step);
        var start = Start(adaptive);
        var compensated = start.Next([Update(7)], Runs, Step, compensation: new(start.Weights, 1, adaptive));
        Assert.Equal(Floats(plain.Weights), Floats(compensated.Weights));
        Assert.Equal(Floats(plain.Velocity), Floats(compensated.Velocity));
        Assert.Equal(adaptive, compensated.MeanSquare.Length > 0);
    }

    [Fact]
    public void A_version_takes_the_step_with_the_compensated_gradient_whatever_its_threads()
    {
        const int Large = 600_000;
        var start = Version(Pattern.Single(Large, 1), adaptive: true);
        var (bases, gradient) = (Pattern.Single(Large, 2), Pattern.Single(Large, 3));
        var compensation = new DelayCompensation(Bytes(bases), 2, Adaptive: true);
        ParameterRun[] runs = [new(0, 1001, true), new(1001, Large - 1001, false)];
        StagedUpdate update = new(Bytes(gradient), default, 4);
        var found = start.Next([update], runs, Step, compensation: compensation);
        var threaded = start.Next([update], runs, Step, threads: 2, compensation: compensation);
        Assert.True(found.Weights.Span.SequenceEqual(threaded.Weights.Span));
        Assert.True(found.MeanSquare.Span.SequenceEqual(threaded.MeanSquare.Span));

        float[] carried = new float[Large], square = new float[Large];
        compensation.Apply<float>(Floats(start.Weights), bases, gradient, new float[Large], square, carried);
        var expected = Version(Floats(start.Weights), adaptive: false).Next([new(Bytes(carried), default, 4)], runs, Step);
        Assert.True(expected.Weights.Span.SequenceEqual(found.Weights.Span));
        Assert.True(MemoryMarshal.AsBytes(square.AsSpan()).SequenceEqual(found.MeanSquare.Span));
    }

    [Fact]
    public void A_scaled_gradient_is_scaled_and_the_weight_decay_is_not()
    {
        var scaled = Start(false).Next([Update(5)], Runs, Step with { GradientScale = 0.25 });
        var quarter = Floats(Update(5).Gradient).Select(value => 0.25f * value).ToArray();
        var expected = Start(false).Next([new(Bytes(quarter), default, 1)], Runs, Step);
        Assert.Equal(Floats(expected.Weights), Floats(scaled.Weights));
    }

    [Fact]
    public void Lengths_that_differ_are_named()
    {
        var error = Assert.Throws<ArgumentException>(() => new DelayCompensation(default, 1, true).Apply<float>([1, 2], [1], [1, 2], [], [], new float[2]));
        Assert.Contains("2 weights got 1 base weights", error.Message);
        Assert.Contains("expected 2", error.Message);
        var short1 = Assert.Throws<ArgumentException>(() => Start(false).Next([Update(1)], Runs, Step, compensation: new(new byte[8], 1, false)));
        Assert.Contains("The base weights has 8 bytes", short1.Message);
    }

    private static ParameterVersion Start(bool adaptive) => Version(Pattern.Single(Count, 11), adaptive);

    private static ParameterVersion Version(ReadOnlySpan<float> weights, bool adaptive) =>
        ParameterVersion.Start(torch.ScalarType.Float32, Bytes(weights), default, adaptive);

    private static StagedUpdate Update(ulong seed) => new(Bytes(Pattern.Single(Count, seed)), default, 1);

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();

    private static float[] Floats(ReadOnlyMemory<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray();
}
