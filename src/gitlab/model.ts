/**
 * The words of the review: where it is posted, what stands there already, and what is to be done about it.
 * `plan()` turns a ReviewInput into actions and touches nothing; the executor carries them out.
 */
import type { EvidenceKind, Finding, Report } from '../core/model.ts'

/** Which merge request, on which server. From CI variables or flags, never from the report. */
export interface MergeRequestRef {
  /** `https://host[:port][/relative]/api/v4`, without a slash at the end. */
  readonly apiUrl: string
  /** Numeric id or full path of the project that the merge request belongs to (the target project). */
  readonly projectId: string
  readonly iid: number
}

export type PipelineEvent = 'detached' | 'merged result' | 'merge train' | 'branch'

/** What this pipeline judged, for links and for the order among pipelines. */
export interface PipelineFacts {
  readonly event: PipelineEvent
  /** Head of the source branch: what merge request lines belong to. */
  readonly headSha: string
  /** What was checked out and judged: `headSha`, or GitLab's internal merge commit. */
  readonly judgedSha: string
  /** CI_MERGE_REQUEST_DIFF_ID: grows with every push; undefined in branch pipelines. */
  readonly diffVersion: number | undefined
  /** CI_PIPELINE_ID: grows with every pipeline; 0 when unknown. */
  readonly pipelineId: number
  /** Where blobs of the source branch are shown, e.g. `https://host/group/project`; undefined when unknown. */
  readonly sourceProjectUrl: string | undefined
  /** For links; a job that is retried keeps it, so that texts stay the same. */
  readonly pipelineUrl: string | undefined
}

/** Who may accept a finding by a comment. Access levels as GitLab counts them: 30 Developer, 40 Maintainer. */
export type AllowBy = 'developer' | 'maintainer' | 'not-the-author'

/** How to review. From flags or the target branch's configuration, never from the branch under review. */
export interface ReviewPolicy {
  /** Tells several reviews of one merge request apart (one per database, say): `[a-z0-9][a-z0-9-]{0,31}`. */
  readonly name: string
  /** At most this many open threads are created for new findings; the rest stands in the summary. */
  readonly maxThreads: number
  readonly allowBy: AllowBy
}

/** A change that the merge request makes to what is judged and how; computed from git, not from the report. */
export type PolicyChange =
  /** A pgrehearse.config.* was added, edited or deleted. `patch` is git's hunk text, cut; hostile. */
  | {
      readonly kind: 'configuration'
      readonly file: string
      readonly change: 'added' | 'edited' | 'deleted'
      readonly patch: string
    }
  /** A file with accepted findings was. `patch` as above; hostile. */
  | {
      readonly kind: 'baseline'
      readonly file: string
      readonly change: 'added' | 'edited' | 'deleted'
      readonly patch: string
    }
  /** A file with production's sizes was: they decide what is silenced. `patch` as above; hostile. */
  | {
      readonly kind: 'production'
      readonly file: string
      readonly change: 'added' | 'edited' | 'deleted'
      readonly patch: string
    }
  /** A `-- pgrehearse-allow` comment is new in the diff. `text` is the comment; hostile. */
  | { readonly kind: 'allow'; readonly file: string; readonly line: number; readonly text: string }

/** A user of the server. */
export interface RemoteUser {
  readonly id: number
  readonly username: string
}

export interface RemoteNote {
  readonly id: number
  readonly author: RemoteUser
  readonly body: string
  /** History entries such as "changed this line in version 4 of the diff". */
  readonly system: boolean
  readonly resolvable: boolean
  readonly resolved: boolean
  readonly resolvedBy: RemoteUser | undefined
}

/** A discussion, or a plain note (`individual`), with all notes in order. A replied-to plain note is no longer individual. */
export interface RemoteThread {
  readonly id: string
  readonly individual: boolean
  readonly notes: readonly RemoteNote[]
  /**
   * Where the server shows the first note now (`notes[0].position`: it follows the code from push to push);
   * undefined when it hangs on no line or the server does not tell.
   */
  readonly position?: {
    readonly headSha: string
    readonly newPath: string
    readonly newLine: number | undefined
  }
}

/** The three commits of a diff version, and its id. */
export interface DiffVersion {
  readonly id: number
  readonly baseSha: string
  readonly startSha: string
  readonly headSha: string
}

/** Everything the plan needs to know of the server. */
export interface RemoteState {
  /** Whose token it is. Notes of anybody else are never edited, resolved or believed. */
  readonly me: RemoteUser
  readonly mergeRequest: {
    /** The target project's number (`project_id`), however it was named: markers must survive a renamed project. */
    readonly projectId: number
    readonly iid: number
    readonly state: 'opened' | 'closed' | 'merged' | 'locked'
    /** Head of the source branch as the server knows it now; undefined in the first seconds of a merge request. */
    readonly headSha: string | undefined
    readonly author: RemoteUser
    readonly webUrl: string
  }
  /** The newest diff version; undefined in the first seconds, and where the server does not tell. */
  readonly version: DiffVersion | undefined
  readonly threads: readonly RemoteThread[]
  /** Access level (0 none, 30 Developer, 40 Maintainer, …) of everybody who wrote a command, by user id. */
  readonly accessLevels: ReadonlyMap<number, number>
}

/** A line of the newest diff that a thread can hang on, as GitLab's `position` wants it. */
export interface ThreadPlace {
  readonly oldPath: string
  readonly newPath: string
  readonly newLine: number
  /** Present on unchanged lines, which need both numbers. */
  readonly oldLine?: number
  /** The suggestion of the finding may be posted here: every line it replaces is on the new side of the diff. */
  readonly suggestion: boolean
}

/** The input of the pure part. Paths in `report` are relative to the top of the repository. */
export interface ReviewInput {
  readonly report: Report
  readonly pipeline: PipelineFacts
  readonly policy: ReviewPolicy
  readonly policyChanges: readonly PolicyChange[]
  readonly remote: RemoteState
  /** Where a new thread for the finding would hang; findings that no line of the diff can hold are missing. */
  readonly places: ReadonlyMap<Finding, ThreadPlace>
  /** Sentences about this run for the sticky note, e.g. why no line could be looked up. Plain text, may be hostile. */
  readonly remarks?: readonly string[]
  /** Threads that the server does not let us resolve or reopen (403): left as they are, and counted. */
  readonly forbiddenThreads?: ReadonlySet<string>
}

/** Why a finding no longer fails the gate although nobody changed the SQL. */
export interface Acceptance {
  readonly by: RemoteUser
  /** As written in the comment; hostile. */
  readonly reason: string
}

/** What became of one finding in the review; the sticky note shows it. */
export interface ReviewedFinding {
  readonly finding: Finding
  /**
   * - `thread`: an open thread of ours stands for it, or is about to be created.
   * - `summary`: no line of the diff holds it.
   * - `over limit`: more findings than `maxThreads`.
   * - `acknowledged`: a human resolved its thread (`by`).
   * - `accepted`: a comment accepts it.
   * - `allowed`: an allow comment in the SQL, or the baseline, accepts it.
   */
  readonly standing: 'thread' | 'summary' | 'over limit' | 'acknowledged' | 'accepted' | 'allowed'
  readonly by?: RemoteUser
  readonly acceptance?: Acceptance
}

/** What the sticky note says beyond the report. */
export interface StickyContent {
  readonly report: Report
  readonly pipeline: PipelineFacts
  readonly policy: ReviewPolicy
  readonly policyChanges: readonly PolicyChange[]
  readonly findings: readonly ReviewedFinding[]
  /** Does the gate (--fail-on, with acceptances) pass? */
  readonly passed: boolean
  /** Threads that we may not resolve (403), or that humans keep open although the finding is gone. */
  readonly leftOpen: { readonly forbidden: number; readonly humanTouched: number }
  /** Sentences about the review itself, e.g. a command that was not understood. Plain text, may be hostile. */
  readonly remarks: readonly string[]
}

/** The kinds of notes that we write. */
export type MarkerKind = 'sticky' | 'finding' | 'reply' | 'answer' | 'superseded'

/** The hidden last line of every note of ours; see marker.ts. */
export interface Marker {
  readonly kind: MarkerKind
  /** ReviewPolicy.name. */
  readonly name: string
  /** `<project id>:<iid>`, so that copied notes are not believed. */
  readonly mergeRequest: string
  readonly headSha: string
  readonly diffVersion: number
  readonly pipelineId: number
  /** Hash of the visible body as we wrote it (line ends and trailing white space normalised). */
  readonly bodyHash: string
  /** finding, reply: Finding.fingerprint without its ordinal. */
  readonly fingerprint?: string
  /** finding: hash of the file's path, to tell equal statements in several files apart. */
  readonly pathHash?: string
  /** finding: how the finding was known, so that a run that knows less does not call it fixed. */
  readonly evidence?: EvidenceKind
  /** finding: `resolved` when we resolved the thread ourselves. */
  readonly state?: 'open' | 'resolved'
  /** answer: id of the note that is answered. */
  readonly note?: number
}

/** One thing to do. Bodies are complete, marker included. */
export type Action =
  | {
      readonly kind: 'create thread'
      readonly fingerprint: string
      readonly body: string
      readonly place: ThreadPlace
      readonly finding: Finding
    }
  | {
      readonly kind: 'edit note'
      readonly threadId: string
      readonly noteId: number
      readonly body: string
      readonly why: string
    }
  | { readonly kind: 'reply'; readonly threadId: string; readonly body: string; readonly why: string }
  | {
      readonly kind: 'resolve' | 'reopen'
      readonly threadId: string
      readonly noteId: number
      readonly why: string
    }
  /** Plain note, not a thread: it must never block a merge. */
  | { readonly kind: 'create sticky'; readonly body: string }
  | { readonly kind: 'edit sticky'; readonly noteId: number; readonly body: string; readonly why: string }
  /** Nothing to do; for --dry-run. */
  | {
      readonly kind: 'keep'
      readonly threadId: string | undefined
      readonly what: string
      readonly why: string
    }

/** What a run would do, in the order in which it must be done: threads first, the sticky note last. */
export interface ReviewPlan {
  readonly actions: readonly Action[]
  readonly findings: readonly ReviewedFinding[]
  readonly passed: boolean
}

/** What came of posting. None of these hides a finding: the exit code follows the gate. */
export type ReviewOutcome =
  | { readonly kind: 'posted'; readonly writes: number; readonly webUrl: string }
  /** Nothing was posted on purpose: a newer pipeline, a closed merge request, a merge train. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Posting failed, wholly or in part: one sentence, with the missing variable, scope or role. */
  | { readonly kind: 'failed'; readonly reason: string; readonly hint: string | undefined }
