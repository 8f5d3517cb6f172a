namespace OrleansContrastive.Grains.Silos;

/// <summary>Slowness that was asked for, so that it can be studied what a slow machine or a slow network does to a run.</summary>
/// <param name="LastLane">
/// How many times as long a lease usually takes on the silo's last lane, where it has several; the difference is slept. 1 = no handicap.
/// </param>
public sealed record Handicap(double LastLane = 1)
{
    /// <summary>How many times as long a lease takes on a lane.</summary>
    public double Of(int lane, int lanes) => lanes > 1 && lane == lanes - 1 ? LastLane : 1;
}
