import { compileProfile, diffScope, profileScope } from '#controller/decide/index.ts';
import type { Application, Attachment } from '#shared/model/clusters.ts';
import { storeLimits } from '#shared/store/index.ts';
import type { AgentIntentChange, IntentBook } from '../intent-book/intent-book.ts';

/** One profile as it shall be at its clusters. */
export interface WantedProfile {
  applications: readonly Application[];
  attachments: readonly Attachment[];
  /** Names what is removed. */
  opId: string;
}

export interface IntentBatch {
  agents: AgentIntentChange[];
  /** Nothing is left for another commit. */
  isWhole: boolean;
}

/** Head, log entry and up to four entries that leave the log. */
const changesPerAgent = 6;
/** Room for the caller's own documents. */
const reserve = { changes: 1_000, bytes: 4 * 1024 * 1024 };

/** What differs between intent and wish, as far as it fits one commit: clusters one after the other, each as a whole. */
export async function batchOf(book: IntentBook, wanted: WantedProfile): Promise<IntentBatch> {
  const agents: AgentIntentChange[] = [];
  let changes = reserve.changes;
  let bytes = reserve.bytes;
  for (const attachment of wanted.attachments) {
    if (attachment.state !== 'attached') continue;
    const part = await clusterChange(book, attachment, wanted);
    if (part.upserts.length + part.tombstones.length === 0) continue;
    changes += changesPerAgent + part.upserts.length + 2 * part.tombstones.length;
    for (const { body } of part.upserts) bytes += JSON.stringify(body).length * 1.1 + 500;
    const isFull = changes > storeLimits.changesPerCommit || bytes > storeLimits.commitBytes;
    if (isFull && agents.length > 0) return { agents, isWhole: false };
    agents.push(part);
  }
  return { agents, isWhole: true };
}

async function clusterChange(
  book: IntentBook,
  attachment: Attachment,
  { applications, opId }: WantedProfile,
): Promise<AgentIntentChange> {
  const { agentId } = attachment;
  const scope = profileScope(attachment);
  const present = await book.scope(agentId, scope);
  return { agentId, ...diffScope(scope, present, compileProfile(applications, attachment), opId) };
}
