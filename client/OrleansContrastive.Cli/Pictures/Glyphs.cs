namespace OrleansContrastive.Cli.Pictures;

/// <summary>
/// Letters as strokes on a small grid, for pictures without a font: capitals are 7 units high, small letters 5, and tails reach 2 below.
/// </summary>
internal static class Glyphs
{
    /// <summary>Height of a capital in units.</summary>
    public const int CapHeight = 7;

    private const int Baseline = 2;
    private const double Spacing = 1.8;

    // A letter and its strokes: rows of points, each a digit for x and one for y (2 = the baseline), parted by bars.
    private const string Table =
        """
        0123243483919080312 10729221232 207081939484603020242 3081939484736162636454332120304 43239044444 5490906364543321203
        6391908031232434536150604 709491222 8160708193948473616050312324345361605 9123243483919080615354546 A022942|1434
        B0209394847360606|3645433202 C4839190803123243 D0209294744422202 E42020949|0636 F020949|0636 G48391908031232434626
        H0209|4249|0646 I0209 J3933221203 K0209|4905|1642 L090242 M0209254942 N02094249 O123243483919080312 P02093948463505
        Q123243483919080312|2441 R02093948463505|2542 S483919080716364543321203 T0949|2922 U090312324349 V092249 W0912263249
        X0249|0942 Y092649|2622 Z09490242 a0717273632|35150403122233 b0902|0617273633221203 c3627170603122233
        d3932|3627170603122233 e05353627170603123233 f291812|0727 g3731201001|3627170603122233 h0902|0617273632 i0207|0909
        j171100|1919 k0902|3704|1532 l0902 m0207|06172622|26374642 n0207|0617273632 o122233362717060312 p0007|0617273633221203
        q3037|3627170603122233 r0207|061727 s36271706152433221203 t191322|0727 u0703122233|3732 v072247 w0712263247 x0237|0732
        y0722|4710 z07370232 .0202 ,1201 :0303|0606 ;0303|0606 -0535 –0545 +0545|2327 =0434|0636 /0139
        %0249|0809191808|3233434232 (19080312 )09181302 <370533 >073503 _0141 '0908 ±0646|2428|0242 ×0336|0633
        #1219|3239|0444|0747 *1418|0517|0715 ?0708193948472625|2222 !0904|0202 ²090938
        """;

    private static readonly Dictionary<char, string> Strokes = Table
        .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
        .Select(entry => (Letter: entry[0], Strokes: entry[1..]))
        .Append((' ', ""))
        .ToDictionary();

    private const string Unknown = "0209494202";

    /// <summary>The strokes of a text in units, from (0, 0) at the left end of the baseline, y upward.</summary>
    public static IEnumerable<(double X, double Y)[]> Of(string text)
    {
        var x = 0.0;
        foreach (var letter in text)
        {
            foreach (var stroke in (Strokes.GetValueOrDefault(letter) ?? Unknown).Split('|', StringSplitOptions.RemoveEmptyEntries))
            {
                var left = x;
                yield return [.. stroke.Chunk(2).Select(point => (left + point[0] - '0', (double)(point[1] - '0' - Baseline)))];
            }

            x += Advance(letter);
        }
    }

    /// <summary>The width of a text in units.</summary>
    public static double Width(string text) => text.Length == 0 ? 0 : text.Sum(Advance) - Spacing;

    private static double Advance(char letter)
    {
        var strokes = Strokes.GetValueOrDefault(letter) ?? Unknown;
        // Every second digit of a stroke is an x.
        var widest = strokes.Split('|').SelectMany(stroke => stroke.Where((_, at) => at % 2 == 0)).Select(digit => digit - '0').DefaultIfEmpty(2).Max();
        return widest + Spacing;
    }
}
