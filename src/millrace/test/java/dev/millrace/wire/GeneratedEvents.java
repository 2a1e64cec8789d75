package dev.millrace.wire;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Arbitrary events that break no rule. */
final class GeneratedEvents {

    private GeneratedEvents() {}

    /** Of every kind. */
    static Arbitrary<Object> events() {
        return Arbitraries.oneOf(
                exposures().map(event -> event),
                clicks().map(event -> event),
                Combinators.combine(ids(), times(), features()).as(UserProfile::new),
                Combinators.combine(ids(), times(), features()).as(CatalogueItem::new));
    }

    private static Arbitrary<Exposure> exposures() {
        Arbitrary<Exposure.AnswerPlace> places = Combinators.combine(
                        ids(), Arbitraries.integers().greaterOrEqual(1))
                .as(Exposure.AnswerPlace::new);
        return Combinators.combine(
                        ids(),
                        ids(),
                        ids(),
                        times(),
                        Arbitraries.longs(),
                        features(),
                        ids().optional(),
                        places.optional())
                .as((id, user, item, time, producedAt, context, generation, place) ->
                        new Exposure(id, user, item, time, producedAt / 1_000_000, context, generation, place));
    }

    static Arbitrary<Click> clicks() {
        Arbitrary<Double> weights = Arbitraries.doubles().between(0.01, 1e6);
        return Combinators.combine(ids(), ids(), ids(), ids().optional(), ids(), weights, times(), features())
                .as((id, user, item, exposure, action, weight, time, context) ->
                        new Click(id, user, item, exposure, action, weight, time, time, context));
    }

    static Arbitrary<String> ids() {
        return Arbitraries.strings()
                .withChars("abcäé漢 -_.")
                .ofMinLength(1)
                .ofMaxLength(12)
                .map(text -> 'x' + text);
    }

    static Arbitrary<Long> times() {
        return Arbitraries.longs().between(315_532_800_000L, 4_102_444_799_999L);
    }

    static Arbitrary<Features> features() {
        Arbitrary<FeatureValue> categories = ids().map(FeatureValue.Category::new);
        Arbitrary<FeatureValue> quantities =
                Arbitraries.doubles().between(-1e30, 1e30).map(FeatureValue.Quantity::new);
        Arbitrary<FeatureValue> bags = ids().list().ofMaxSize(4).map(FeatureValue.Bag::new);
        Arbitrary<FeatureValue> vectors = Arbitraries.floats()
                .between(-1e6f, 1e6f)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .map(FeatureValue.Dense::new);
        return Arbitraries.maps(ids(), Arbitraries.oneOf(categories, quantities, bags, vectors))
                .ofMaxSize(4)
                .map(Features::of);
    }
}
