package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.neighbour.Nearness;
import dev.millrace.popularity.PriorWeights;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Answers requests from the generation that is served, or from another complete one, which the request names or an experiment chooses.
 *
 * <p>A request reads the pair of index and encoder once. So one answer is of one generation, even if another is served meanwhile. Safe for
 * any number of threads.
 */
public final class RecallEngine {

    private final UserDirectory users;
    private volatile Optional<ServedGeneration> served = Optional.empty();
    private volatile Map<String, ServedGeneration> complete = Map.of();
    private volatile Optional<Experiment> experiment = Optional.empty();

    /** @param users asked by the threads that ask for recalls */
    public RecallEngine(UserDirectory users) {
        this.users = users;
    }

    /** From the next request on, this generation answers. */
    public void serve(ServedGeneration next) {
        served = Optional.of(next);
    }

    /** From the next request on, requests can name these generations. */
    public void keep(List<ServedGeneration> generations) {
        complete =
                generations.stream().collect(Collectors.toUnmodifiableMap(ServedGeneration::generation, pair -> pair));
    }

    /** From the next request on, this experiment chooses the generation of each user; absent for none. */
    public void follow(Optional<Experiment> running) {
        experiment = running;
    }

    /** The generation that answers; absent before the first. */
    public Optional<ServedGeneration> served() {
        return served;
    }

    /** The generations that a request can name. */
    public Collection<ServedGeneration> kept() {
        return complete.values();
    }

    /** A complete generation, by its name. */
    public Optional<ServedGeneration> generation(String name) {
        return Optional.ofNullable(complete.get(name));
    }

    /**
     * The best items for a user.
     *
     * <p>An unknown user gets a cold start: the answer for a user without profile and history, as the model has learnt it, with a flag.
     */
    public Answer recall(RecallRequest request) {
        if (request.generation().isPresent()) {
            return generation(request.generation().get())
                    .map(named -> recall(request, named))
                    .orElse(Answer.Refusal.UNKNOWN_GENERATION);
        }
        return servedTo(request.user())
                .map(answering -> recall(request, answering))
                .orElse(Answer.Refusal.NOT_READY);
    }

    /**
     * The generation that answers a user: that of the user's arm, if an experiment runs and that generation is complete here; else the one
     * that answers all. Absent before the first.
     */
    public Optional<ServedGeneration> servedTo(String user) {
        return experiment
                .filter(running -> running.arm(user) == Arm.TREATMENT)
                .flatMap(running -> generation(running.treatment()))
                .or(this::served);
    }

    /** The best items for a user from a generation that was taken before, whichever the request names. */
    public Answer recall(RecallRequest request, ServedGeneration served) {
        return recall(request, served, request.reasons() > 0);
    }

    /** As {@link #recall(RecallRequest, ServedGeneration)}; if wanted, the answer says what each score is the sum of. */
    public Answer recall(RecallRequest request, ServedGeneration served, boolean arePartsWanted) {
        ItemIndex index = served.index();
        Optional<UserFeatures> known = request.given().or(() -> users.latest(request.user()));
        UserFeatures user = known.orElseGet(() -> new UserFeatures(request.user(), 0, Features.NONE, List.of()));
        float[] query = new float[index.dim()];
        if (!served.encoder().encode(user, request.context(), request.weights().channels(), query)) {
            return Answer.Refusal.NOT_READY;
        }
        Set<String> leftOut = new HashSet<>(request.excluded());
        leftOut.addAll(user.leftOut());
        if (request.isSeenExcluded()) {
            leftOut.addAll(user.history());
        }
        // cos / τ + β log p + … ranks as cos + τ (β log p + …) does, and leaves the score a cosine without weights
        PriorWeights prior = request.weights().given().or(served.encoder().prior());
        PriorWeights weights = prior.times(served.encoder().temperature());
        Map<String, Float> added = new HashMap<>();
        boolean areYoung = !weights.young().neighbours().isEmpty();
        if (weights.neighbours() != 0 || areYoung) {
            served.encoder().near(user.history(), index.time()).forEach((item, nb) -> {
                double weight = areYoung ? weights.neighbours(index.youth(item)) : weights.neighbours();
                added.put(item, (float) (weight * Nearness.number(nb)));
            });
        }
        Map<String, Integer> places = new HashMap<>();
        for (int place = 0; place < user.history().size() && !weights.repeats().isEmpty(); place++) {
            places.putIfAbsent(user.history().get(place), place);
        }
        places.forEach((item, place) -> added.merge(item, (float) weights.repeat(place), Float::sum));
        Search search = new Search(
                query,
                request.k(),
                leftOut::contains,
                request.filter(),
                weights,
                added,
                request.arrangement().times(served.encoder().temperature()));
        Answer.Found found = search(served, search, known.isEmpty()).as(assigned(request));
        if (!arePartsWanted) {
            return found;
        }
        List<String> history = request.reasons() == 0 ? List.of() : user.history();
        return found.because(
                Reasons.of(found.items(), search, history, index, request.reasons()), List.copyOf(user.leftOut()));
    }

    /** The arm of the user; absent if no experiment runs, and if the request chose the generation itself. */
    private Optional<Answer.Assigned> assigned(RecallRequest request) {
        return request.generation().isPresent()
                ? Optional.empty()
                : experiment.map(running -> new Answer.Assigned(running.name(), running.arm(request.user())));
    }

    /**
     * The items whose vectors are nearest to an item's own, without the item itself.
     *
     * @param k items wanted, at least 1
     */
    public Answer similar(String item, int k) {
        Optional<ServedGeneration> taken = served();
        if (taken.isEmpty()) {
            return Answer.Refusal.NOT_READY;
        }
        Optional<float[]> query = taken.get().index().vector(item);
        return query.isEmpty()
                ? Answer.Refusal.UNKNOWN_ITEM
                : search(taken.get(), new Search(query.get(), k, item::equals), false);
    }

    /**
     * The items that are clicked most beside an item.
     *
     * @param k items wanted, at least 1
     */
    public Answer besides(String item, int k) {
        Optional<ServedGeneration> taken = served();
        if (taken.isEmpty()) {
            return Answer.Refusal.NOT_READY;
        }
        ItemIndex index = taken.get().index();
        Optional<float[]> vector = index.vector(item);
        if (vector.isEmpty()) {
            return Answer.Refusal.UNKNOWN_ITEM;
        }
        List<ScoredItem> items = taken.get().encoder().near(List.of(item), index.time()).entrySet().stream()
                .filter(near -> index.item(near.getKey()).isPresent())
                .map(near -> new ScoredItem(near.getKey(), near.getValue().floatValue()))
                .sorted(ScoredItem.BEST_FIRST)
                .limit(k)
                .toList();
        return found(taken.get(), items, vector.get(), false);
    }

    private static Answer.Found search(ServedGeneration served, Search search, boolean isColdStart) {
        Answer.Found before = found(served, List.of(), search.query(), isColdStart); // of no later step than its items
        return search.arrangement().exploration().isPresent()
                ? before.with(served.index().draw(search))
                : before.with(served.index().search(search));
    }

    private static Answer.Found found(
            ServedGeneration served, List<ScoredItem> items, float[] query, boolean isColdStart) {
        ItemIndex index = served.index();
        return new Answer.Found(
                items,
                query,
                served.generation(),
                index.newestStep(),
                index.newestPublication(),
                isColdStart,
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }
}
