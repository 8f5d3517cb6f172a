using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;

namespace OrleansContrastive.Learning.Tests.Optimizers;

public sealed class SgdEmaKernelTests
{
    private static readonly GoldenFile File = new("Optimizers/golden/sgd.golden");
    private static readonly double[] Rates = [0.1, 0.07, 0.03];

    [Theory]
    [InlineData(0, false, 0.0)]
    [InlineData(1, false, 5e-4)]
    [InlineData(2, true, 5e-4)]
    public void Three_steps_equal_PyTorchs_optimizer_in_single_precision(int number, bool nesterov, double decay)
    {
        var weights = File.Single($"{number}.start");
        var velocity = new float[weights.Length];
        var key = weights;
        for (var step = 0; step < Rates.Length; step++)
        {
            float[] nextWeights = new float[weights.Length], nextVelocity = new float[weights.Length], nextKey = new float[weights.Length];
            SgdEmaKernel.Step<float>(
                weights, File.Single($"{number}.{step}.gradient"), velocity, key,
                nextWeights, nextVelocity, nextKey, new SgdStep(Rates[step], 0.9, decay, nesterov, 0.99));
            (weights, velocity, key) = (nextWeights, nextVelocity, nextKey);

            Close.All(File.Single($"{number}.{step}.weights"), weights, 1e-6);
            Close.All(File.Single($"{number}.{step}.velocity"), velocity, 1e-6);
            Close.All(File.Single($"{number}.{step}.key"), key, 1e-6);
        }
    }

    [Fact]
    public void Three_steps_equal_PyTorchs_optimizer_in_double_precision()
    {
        var weights = File.Double("3.start");
        var velocity = new double[weights.Length];
        var key = weights;
        for (var step = 0; step < Rates.Length; step++)
        {
            double[] nextWeights = new double[weights.Length], nextVelocity = new double[weights.Length], nextKey = new double[weights.Length];
            SgdEmaKernel.Step<double>(
                weights, File.Double($"3.{step}.gradient"), velocity, key,
                nextWeights, nextVelocity, nextKey, new SgdStep(Rates[step], 0.9, 1e-2, true, 0.99));
            (weights, velocity, key) = (nextWeights, nextVelocity, nextKey);

            Close.All(File.Double($"3.{step}.weights"), weights, 1e-14);
            Close.All(File.Double($"3.{step}.velocity"), velocity, 1e-14);
            Close.All(File.Double($"3.{step}.key"), key, 1e-14);
        }
    }

    [Fact]
    public void The_moving_average_has_PyTorchs_bits()
    {
        // A step of rate 0 leaves the weights, so the average sees exactly the golden ones.
        var weights = File.Single("ema.weights");
        var zeros = new float[weights.Length];
        var key = new float[weights.Length];
        SgdEmaKernel.Step<float>(
            weights, zeros, zeros, File.Single("ema.start"), new float[weights.Length], new float[weights.Length], key,
            new SgdStep(0, 0.9, 0, false, 0.99));

        Assert.Equal(File.Single("ema.key"), key);
    }

    [Theory]
    [InlineData(0.9, 6.6)]
    [InlineData(0.99, 69)]
    [InlineData(0.999, 693)]
    public void The_moving_average_halves_its_distance_in_ln2_over_minus_ln_m_steps(double momentum, double steps)
    {
        double[] weights = [1], key = [0], rest = [0];
        var still = new SgdStep(0, 0, 0, false, momentum);
        for (var step = 0; step < (int)Math.Round(steps); step++)
        {
            SgdEmaKernel.Step<double>(weights, rest, rest, key, new double[1], new double[1], key, still);
        }

        Assert.Equal(0.5, key[0], 0.03);
    }

    [Fact]
    public void An_element_has_the_same_bits_wherever_it_stands()
    {
        const int Count = 67;
        var weights = Pattern.Single(Count, 1);
        var gradient = Pattern.Single(Count, 2);
        var velocity = Pattern.Single(Count, 3);
        var key = Pattern.Single(Count, 4);
        var step = new SgdStep(0.0371, 0.9, 3e-4, true, 0.997);
        float[] whole = new float[Count], wholeVelocity = new float[Count], wholeKey = new float[Count];
        SgdEmaKernel.Step<float>(weights, gradient, velocity, key, whole, wholeVelocity, wholeKey, step);

        for (var start = 0; start < Count; start++)
        {
            float[] one = new float[1], oneVelocity = new float[1], oneKey = new float[1];
            SgdEmaKernel.Step<float>(
                weights.AsSpan(start, 1), gradient.AsSpan(start, 1), velocity.AsSpan(start, 1), key.AsSpan(start, 1),
                one, oneVelocity, oneKey, step);
            Assert.Equal((whole[start], wholeVelocity[start], wholeKey[start]), (one[0], oneVelocity[0], oneKey[0]));
        }
    }

    [Fact]
    public void Spans_of_different_length_are_refused_by_name()
    {
        var three = new float[3];
        var error = Assert.Throws<ArgumentException>(() =>
            SgdEmaKernel.Step<float>(three, three, new float[2], three, three, three, three, default));
        Assert.Contains("velocity has 2 elements; expected 3", error.Message);
    }
}
