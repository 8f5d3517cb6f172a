using System.Globalization;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>The class keeps this name as its grain type, whatever it is called.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class GrainTypeAttribute(string grainType) : Attribute
    {
        internal GrainType Type { get; } = GrainType.Create(grainType);
    }

    /// <summary>Activations of the class are never collected for being idle.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class KeepAliveAttribute : Attribute;

    /// <summary>How long activations of the class stay idle before they are collected.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class CollectionAgeLimitAttribute : Attribute
    {
        /// <summary>A limit to be set by its parts.</summary>
        public CollectionAgeLimitAttribute() { }

        /// <summary>A limit written as a <see cref="TimeSpan"/>.</summary>
        public CollectionAgeLimitAttribute(string inactivityPeriod) =>
            Minutes = TimeSpan.Parse(inactivityPeriod, CultureInfo.InvariantCulture).TotalMinutes;

        /// <summary>The days of the limit.</summary>
        public double Days { get; set; }

        /// <summary>The hours of the limit.</summary>
        public double Hours { get; set; }

        /// <summary>The minutes of the limit.</summary>
        public double Minutes { get; set; }

        /// <summary>Never collect.</summary>
        public bool AlwaysActive { get; set; }

        /// <summary>The limit.</summary>
        public TimeSpan AgeLimit =>
            AlwaysActive ? TimeSpan.MaxValue : TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
    }
}

namespace Orleans.Runtime
{
    /// <summary>Where new activations of a class go.</summary>
    public abstract class PlacementStrategy;

    /// <summary>To any silo that hosts the class.</summary>
    public sealed class RandomPlacement : PlacementStrategy
    {
        internal static RandomPlacement Singleton { get; } = new();
    }

    /// <summary>To the silo of the caller where it hosts the class, else to any.</summary>
    public sealed class PreferLocalPlacement : PlacementStrategy
    {
        internal static PreferLocalPlacement Singleton { get; } = new();
    }
}

namespace Orleans.Placement
{
    /// <summary>Chooses the placement of a grain class.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public abstract class PlacementAttribute : Attribute
    {
        /// <summary>Given by the attribute's own class.</summary>
        protected PlacementAttribute(PlacementStrategy placement) => PlacementStrategy = placement;

        /// <summary>The placement.</summary>
        public PlacementStrategy PlacementStrategy { get; }
    }

    /// <summary>New activations go to any silo that hosts the class.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(RandomPlacement.Singleton);

    /// <summary>New activations go to the caller's silo where it hosts the class, else to any.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(PreferLocalPlacement.Singleton);
}
