using System.Diagnostics.Metrics;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Grains.Runs;

/// <summary>The clocks and counters of runs, for OpenTelemetry and <c>dotnet-counters</c>. Safe for all threads.</summary>
public static class RunInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "OrleansContrastive";

    private static readonly Meter Source = new(MeterName);
    private static readonly Histogram<long> GradientStalenessAges = Ages("oc.gradient.staleness", "Updates between a gradient's weights and those it was applied to.");
    private static readonly Histogram<long> KeyLagAges = Ages("oc.key.lag", "Versions between the key encoder used and the newest.");
    private static readonly Histogram<long> KeyAges = Ages("oc.key.age", "Versions since a contrasted queue row was encoded.");
    private static readonly Histogram<long> BankAges = Ages("oc.bank.age", "Versions since a contrasted bank row was renewed.");
    private static readonly Counter<long> SampleCount = Source.CreateCounter<long>("oc.samples", "{sample}", "Samples applied.");
    private static readonly Counter<long> ByteCount = Source.CreateCounter<long>("oc.bytes", "By", "Payload between grains, by edge.");
    private static readonly Counter<long> ResidualCount = Source.CreateCounter<long>("oc.residuals.lost", "{residual}", "Error-feedback residuals lost.");

    internal static void GradientStaleness(long age) => GradientStalenessAges.Record(age);

    internal static void KeyLag(long age) => KeyLagAges.Record(age);

    internal static void KeyAge(long age) => KeyAges.Record(age);

    internal static void BankAge(long age) => BankAges.Record(age);

    internal static void Samples(long count) => SampleCount.Add(count);

    internal static void ResidualsLost(long count) => ResidualCount.Add(count);

    internal static void Bytes(Traffic traffic)
    {
        Add("views", traffic.Views);
        Add("keys", traffic.Keys);
        Add("gradients", traffic.Gradients);
        Add("rows", traffic.Rows);
        Add("parameters", traffic.Parameters);
        Add("contrast", traffic.Contrast);

        static void Add(string edge, long bytes) => ByteCount.Add(bytes, new KeyValuePair<string, object?>("edge", edge));
    }

    private static Histogram<long> Ages(string name, string description) => Source.CreateHistogram<long>(name, "{version}", description);
}
