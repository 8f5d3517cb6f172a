using OrleansContrastive.Learning.Evaluation;
using OrleansContrastive.Learning.Methods.Frame;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Learning.Tests.Methods;

/// <summary>A collapse is noticed while it happens, and only then.</summary>
public sealed class CollapseTests
{
    // One at which SimSiam learns with its stop-gradient and collapses without it.
    private const double Rate = 0.5;

    [Fact]
    public void SimSiam_without_its_stop_gradient_raises_the_alarm_within_fifty_steps()
    {
        var (alarm, step) = Train("simsiam", """{"stopGradient":false}""", Rate);
        Assert.NotNull(alarm);
        Assert.InRange(step, 1, 50);
        Assert.Contains("gradient", alarm.Message);
    }

    [Fact]
    public void SimSiam_with_it_raises_none_at_the_same_rate() => Assert.Null(Train("simsiam", """{"stopGradient":true}""", Rate).Alarm);

    [Theory]
    [InlineData("simsiam")]
    [InlineData("simclr")]
    [InlineData("vicreg")]
    public void A_healthy_method_raises_none(string name) => Assert.Null(Train(name, "", rate: 0.05).Alarm);

    private static (CollapseWarning? Alarm, long Step) Train(string name, string options, double rate)
    {
        using var leaks = new TensorLeaks();
        using var bench = new Workbench(name, options);
        var plan = bench.Method.Plan;
        var alarm = new CollapseAlarm(plan.Guard!.Value, plan.LossFloor);
        for (var step = 0L; step < 50; step++)
        {
            using var result = bench.Step(rate);
            if (result.Health is { } health && alarm.Observe(step, health, result.Loss.Loss) is { } raised) return (raised, step);
        }

        return (null, 50);
    }
}
