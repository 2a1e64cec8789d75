package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;

/** Makes principals that have some of the documented rights and no others, on a broker with {@link #secured} listeners. */
final class Grants {

    private static final int PRINCIPALS = 200;

    private final Admin admin;
    private final String address;
    private final List<AccessRights> documented;
    private int principals;

    /**
     * @param admin may do everything
     * @param address of the listener that asks who a client is
     * @param topics all that there are
     */
    Grants(Admin admin, String address, List<String> topics) {
        this.admin = admin;
        this.address = address;
        this.documented = AccessRights.documented(topics);
    }

    /** The second listener asks who a client is, and grants nothing that no rule allows; the first is for the test itself. */
    static Map<String, String> secured() {
        String users = IntStream.range(0, PRINCIPALS)
                .mapToObj(number -> "user_p" + number + "=\"secret\"")
                .collect(Collectors.joining(" "));
        return Map.of(
                "listener.security.protocol.map",
                "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:SASL_PLAINTEXT",
                "listener.name.detour.sasl.enabled.mechanisms",
                "PLAIN",
                "listener.name.detour.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required " + users + ";",
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users",
                "User:ANONYMOUS");
    }

    /** All rights of all commands. */
    List<AccessRights> documented() {
        return documented;
    }

    /** The settings of a client that has the rights of some commands. */
    Map<String, String> exactly(String... commands) throws Exception {
        return of(Set.of(commands), each -> true);
    }

    /** The settings of a client that has those rights of a command. */
    Map<String, String> of(String command, Predicate<AccessRights> which) throws Exception {
        return of(Set.of(command), which);
    }

    private Map<String, String> of(Set<String> commands, Predicate<AccessRights> which) throws Exception {
        List<AccessRights> rights = documented.stream()
                .filter(each -> commands.contains(each.command()))
                .toList();
        assertThat(rights).as("rights of " + commands).isNotEmpty();
        String principal = "p" + principals++;
        admin.createAcls(rights.stream()
                        .filter(which)
                        .map(each -> each.of(principal))
                        .toList())
                .all()
                .get();
        return Map.of(
                "kafka.bootstrap.servers",
                address,
                "kafka.security.protocol",
                "SASL_PLAINTEXT",
                "kafka.sasl.mechanism",
                "PLAIN",
                "kafka.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + principal
                        + "\" password=\"secret\";");
    }
}
