using OrleansContrastive.Grains.Workers;

namespace OrleansContrastive.Grains.Tests.Runs;

public sealed class PaceTests
{
    [Fact]
    public void A_slow_encoder_rests_by_what_its_steps_usually_take()
    {
        var pace = new Pace(slower: 4);
        foreach (var _ in Enumerable.Range(0, 20)) Assert.Equal(TimeSpan.FromMilliseconds(300), pace.Rest(TimeSpan.FromMilliseconds(100)));
        Assert.Equal(TimeSpan.FromMilliseconds(300), pace.Rest(TimeSpan.FromSeconds(5)));
        foreach (var _ in Enumerable.Range(0, 8)) pace.Rest(TimeSpan.FromMilliseconds(200));
        Assert.Equal(TimeSpan.FromMilliseconds(600), pace.Rest(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public void One_without_a_handicap_never_rests() => Assert.Equal(TimeSpan.Zero, new Pace(slower: 1).Rest(TimeSpan.FromSeconds(1)));
}
