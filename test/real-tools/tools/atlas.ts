import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RealTool } from '../tool.ts'

const version = 'v1.3.0'

/**
 * The command comes from no registry, but what it is made of does: this hashes the folder (`atlas migrate hash`), and
 * executes what is pending in the transactions that `driverFor` of cmd/atlas/internal/cmdapi/migrate.go would open. The
 * table of revisions is made as ent makes it, and left empty.
 */
const program = `package main

import (
	"context"
	"database/sql"
	"log"
	"os"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	_ "github.com/lib/pq"
)

type revisions struct{ all []*migrate.Revision }

func (r *revisions) Ident() *migrate.TableIdent {
	return &migrate.TableIdent{Name: "atlas_schema_revisions", Schema: "atlas_schema_revisions"}
}
func (r *revisions) ReadRevisions(context.Context) ([]*migrate.Revision, error) { return r.all, nil }
func (r *revisions) ReadRevision(_ context.Context, version string) (*migrate.Revision, error) {
	for _, revision := range r.all {
		if revision.Version == version {
			return revision, nil
		}
	}
	return nil, migrate.ErrRevisionNotExist
}
func (r *revisions) WriteRevision(ctx context.Context, revision *migrate.Revision) error {
	if _, err := r.ReadRevision(ctx, revision.Version); err != nil {
		r.all = append(r.all, revision)
	}
	return nil
}
func (r *revisions) DeleteRevision(context.Context, string) error { return nil }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func execute(dir migrate.Dir, r *revisions, conn interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, f migrate.File) {
	driver, err := postgres.Open(conn)
	must(err)
	executor, err := migrate.NewExecutor(driver, dir, r, migrate.WithAllowDirty(true))
	must(err)
	must(executor.Execute(context.Background(), f))
}

func main() {
	ctx := context.Background()
	dir, err := migrate.NewLocalDir(os.Args[1])
	must(err)
	sum, err := dir.Checksum()
	must(err)
	must(migrate.WriteSumFile(dir, sum))
	db, err := sql.Open("postgres", os.Args[2])
	must(err)
	_, err = db.ExecContext(ctx, os.Args[3])
	must(err)
	driver, err := postgres.Open(db)
	must(err)
	r := &revisions{}
	executor, err := migrate.NewExecutor(driver, dir, r, migrate.WithAllowDirty(true))
	must(err)
	files, err := executor.Pending(ctx)
	must(err)
	for _, f := range files {
		if modes := f.(*migrate.LocalFile).Directive("txmode"); len(modes) == 1 && modes[0] == "none" {
			execute(dir, r, db, f)
			continue
		}
		tx, err := db.BeginTx(ctx, nil)
		must(err)
		execute(dir, r, tx, f)
		must(tx.Commit())
	}
}
`

const table = `CREATE SCHEMA atlas_schema_revisions
CREATE TABLE atlas_schema_revisions (
  version character varying NOT NULL, description character varying NOT NULL, type bigint NOT NULL DEFAULT 2,
  applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, executed_at timestamptz NOT NULL,
  execution_time bigint NOT NULL, error text NULL, error_stmt text NULL, hash character varying NOT NULL,
  partial_hashes jsonb NULL, operator_version character varying NOT NULL, PRIMARY KEY (version)
)`

const manifest = `module migrate

go 1.23

require (
	ariga.io/atlas ${version}
	github.com/lib/pq v1.10.9
)
`

export const tool: RealTool = {
  name: 'atlas',
  needs: ['go'],
  installSeconds: 40,
  async install(folder, execute) {
    const source = path.join(folder, 'migrate')
    await mkdir(source, { recursive: true })
    await writeFile(path.join(source, 'main.go'), program)
    await writeFile(path.join(source, 'go.mod'), manifest)
    await execute('go', ['build', '-o', path.join(folder, 'atlas-migrate'), '.'], {
      cwd: source,
      env: { GOFLAGS: '-mod=mod' },
    })
    return `${version} (library)`
  },
  async migrate({ folder, project, database, execute }) {
    await execute(path.join(folder, 'atlas-migrate'), [path.join(project, 'migrations'), database.url, table])
  },
}
