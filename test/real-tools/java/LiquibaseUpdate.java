import java.io.File;
import java.sql.Connection;
import java.sql.DriverManager;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;

/** `LiquibaseUpdate <search path> <changelog>`: what `liquibase update` does. */
public class LiquibaseUpdate {
  public static void main(String[] args) throws Exception {
    try (Connection connection =
        DriverManager.getConnection(
            System.getenv("JDBC_URL"), System.getenv("PGUSER"), System.getenv("PGPASSWORD"))) {
      Liquibase liquibase =
          new Liquibase(
              args[1], new DirectoryResourceAccessor(new File(args[0])), new JdbcConnection(connection));
      liquibase.update(new Contexts(), new LabelExpression());
    }
  }
}
