using OrleansContrastive.Learning.Optimizers;
using OrleansContrastive.Learning.Tests.Golden;

namespace OrleansContrastive.Learning.Tests.Optimizers;

public sealed class BrainFloatTests
{
    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(-0f, -0f)]
    [InlineData(1.00390625f, 1f)] // half way between 1 and 1.0078125: to the even one
    [InlineData(1.01171875f, 1.015625f)] // half way between 1.0078125 and 1.015625
    [InlineData(1.0039064f, 1.0078125f)]
    [InlineData(3.3895314e38f, 3.3895314e38f)]
    [InlineData(3.4e38f, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(1e-40f, 9.1835e-41f)]
    public void Rounds_to_the_nearest_and_ties_to_even(float value, float expected)
    {
        // In a vector and as the remainder.
        foreach (var count in new[] { 1, 64 })
        {
            var values = Enumerable.Repeat(value, count).ToArray();
            var packed = new ushort[count];
            var found = new float[count];
            BrainFloat.Pack(values, packed);
            BrainFloat.Unpack(packed, found);
            Assert.All(found, one => Assert.True(
                BitConverter.SingleToInt32Bits(one) == BitConverter.SingleToInt32Bits(expected) || (float.IsNaN(one) && float.IsNaN(expected)) || Math.Abs(one - expected) < 1e-44,
                $"{value:R} became {one:R}; expected {expected:R}."));
        }
    }

    [Fact]
    public void Is_never_further_off_than_half_a_unit_in_the_last_place()
    {
        var values = Pattern.Single(10_007, 3);
        var (packed, found) = (new ushort[values.Length], new float[values.Length]);
        BrainFloat.Pack(values, packed);
        BrainFloat.Unpack(packed, found);
        for (var i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - found[i]) <= Math.Abs(values[i]) / 256, $"{values[i]:R} became {found[i]:R}.");
    }

    [Fact]
    public void What_a_rounding_leaves_over_goes_into_the_next_and_nothing_is_lost()
    {
        const int Count = 101, Steps = 200;
        var (residual, sent, meant) = (new float[Count], new double[Count], new double[Count]);
        var (packed, values) = (new ushort[Count], new float[Count]);
        for (var step = 0; step < Steps; step++)
        {
            var gradient = Pattern.Single(Count, (ulong)step);
            BrainFloat.PackWithFeedback(gradient, residual, residual, packed);
            BrainFloat.Unpack(packed, values);
            for (var i = 0; i < Count; i++) (sent[i], meant[i]) = (sent[i] + values[i], meant[i] + gradient[i]);
        }

        for (var i = 0; i < Count; i++) Assert.Equal(meant[i], sent[i] + residual[i], 1e-4);
        Assert.All(residual, left => Assert.True(Math.Abs(left) < 0.02, $"{left} is left over."));
    }

    [Fact]
    public void A_slope_below_the_resolution_still_moves_the_weight()
    {
        // The slope of (θ - 1)² travels beside a large one that another worker takes off again.
        var (plain, fed) = (Descend(feedback: false), Descend(feedback: true));
        Assert.True(Math.Abs(fed - 1) < 0.02, $"With feedback the weight ends at {fed:F4}; expected 1.");
        Assert.True(Math.Abs(plain - 1) > 0.1, $"Without feedback the weight ends at {plain:F4}; the problem is too easy.");
    }

    [Fact]
    public void Lengths_that_differ_are_named()
    {
        Assert.Contains("packed has 2 elements; expected 3", Assert.Throws<ArgumentException>(() => BrainFloat.Pack(new float[3], new ushort[2])).Message);
        Assert.Contains("residual has 1 elements", Assert.Throws<ArgumentException>(() => BrainFloat.PackWithFeedback(new float[3], new float[1], new float[3], new ushort[3])).Message);
    }

    private static double Descend(bool feedback)
    {
        var (theta, residual, packed, sent) = (0.0, new float[1], new ushort[1], new float[1]);
        for (var step = 0; step < 4000; step++)
        {
            float[] slope = [(float)(100.0 + (2 * (theta - 1)))];
            if (feedback) BrainFloat.PackWithFeedback(slope, residual, residual, packed);
            else BrainFloat.Pack(slope, packed);
            BrainFloat.Unpack(packed, sent);
            theta -= 0.002 * (sent[0] - 100.0);
        }

        return theta;
    }
}
