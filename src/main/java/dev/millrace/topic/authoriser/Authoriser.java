package dev.millrace.topic.authoriser;

import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.authoriser.AccessRule.Kind;
import dev.millrace.topic.authoriser.AccessRule.Operation;
import dev.millrace.topic.authoriser.AccessRule.Resource;
import dev.millrace.topic.authoriser.AccessRule.Right;
import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.resource.PatternType;

/** Asks a cluster for the rules of its authoriser; changes none. */
public final class Authoriser {

    private Authoriser() {}

    /**
     * The rules about topics, groups, transactional ids and the cluster; absent if it has no authoriser.
     *
     * @param patience how long the cluster may take to answer
     * @throws MissingRightException if this process may not read them
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     */
    public static Optional<List<AccessRule>> rules(ClientSettings clients, Duration patience) {
        return new ClusterAdmin(clients, patience).ask(Authoriser::rules);
    }

    private static Optional<List<AccessRule>> rules(Admin admin) throws ExecutionException, InterruptedException {
        try {
            Collection<AclBinding> found =
                    admin.describeAcls(AclBindingFilter.ANY).values().get();
            return Optional.of(found.stream().flatMap(Authoriser::rule).toList());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof SecurityDisabledException) {
                return Optional.empty();
            }
            if (failed.getCause() instanceof AuthorizationException refused) {
                throw new MissingRightException("DESCRIBE", "the cluster", refused);
            }
            throw failed;
        }
    }

    /** None if it is on another kind of resource, such as a user, or has an operation that this version does not know. */
    private static Stream<AccessRule> rule(AclBinding binding) {
        return constant(Kind.values(), binding.pattern().resourceType())
                .flatMap(kind -> constant(Operation.values(), binding.entry().operation())
                        .map(operation -> new AccessRule(
                                binding.entry().permissionType() == AclPermissionType.DENY,
                                binding.entry().principal(),
                                binding.entry().host(),
                                new Right(
                                        new Resource(
                                                kind,
                                                binding.pattern().name(),
                                                binding.pattern().patternType() == PatternType.PREFIXED),
                                        operation))));
    }

    private static <T extends Enum<T>> Stream<T> constant(T[] ours, Enum<?> kafkas) {
        return Stream.of(ours).filter(one -> one.name().equals(kafkas.name()));
    }
}
